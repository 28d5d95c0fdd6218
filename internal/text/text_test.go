package text_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/text"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Crème BRÛLÉE": "creme brulee",
		"Straße":       "strasse",
		"ﬁn":           "fin",
		"Ñandú":        "nandu",
		"ΣΊΣΥΦΟΣ":      "σισυφοσ",
		"東京":           "東京",
	} {
		require.Equal(t, want, text.Fold(in), in)
	}
}

func TestWords(t *testing.T) {
	require.Equal(t, []string{"at", "t", "16gb", "creme", "5"}, text.Words(" AT&T 16GB—Crème! (5) "))
	require.Empty(t, text.Words(" -- !"))
}

func TestClean(t *testing.T) {
	require.Equal(t, "é", text.Clean("\u00a0 e\u0301\t"))
}

func TestBlank(t *testing.T) {
	for _, blank := range []string{"", " ", "\u200b", "\u202e \u2066", "\ufeff\u00a0"} {
		require.True(t, text.Blank(blank), "%q", blank)
	}
	for _, seen := range []string{"a", "\u200ba", "-", "\U0001F469\u200d\U0001F467", "\u0301"} {
		require.False(t, text.Blank(seen), "%q", seen)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Crème")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, s string) {
		folded := text.Fold(s)
		if utf8.ValidString(s) {
			require.Equal(t, folded, text.Fold(folded), "folding twice changes nothing")
		}
	})
}
