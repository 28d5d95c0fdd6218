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

func TestLabel(t *testing.T) {
	for in, want := range map[string]string{
		"  Ana\u00a0\u2003 Garc\u0131\u0301a ":             "Ana Garc\u0131\u0301a",
		"Ana\u202e gro.live\u202c":                         "Ana gro.live",
		"\u2066Ana\u2069\u200e\u200f\u061c":                "Ana",
		"A\u200bn\u2060a\ufeff\u00ad":                      "Ana",
		"An\u034fa\u3164\u115f\u17b4":                      "Ana",
		"Ana\u2800\u2028\u2029B":                           "Ana B",
		"Ana\U000e0041\U000e007f":                          "Ana",
		"A\u200dn\u200ca\u200d":                            "Ana",
		"Ana\ufe0f":                                        "Ana",
		"\u200d\u200c":                                     "",
		"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
		"\u0915\u094d\u200d\u0937":                         "\u0915\u094d\u200d\u0937",
		"\U0001F469\u200d\U0001F467":                       "\U0001F469\u200d\U0001F467",
		"\u2764\ufe0f\u200d\U0001F525":                     "\u2764\ufe0f\u200d\U0001F525",
		"\u845b\U000e0100":                                 "\u845b\U000e0100",
		"\u0600\u0661":                                     "\u0600\u0661",
		"Ana\nGarc\u00eda\t":                               "Ana\nGarc\u00eda",
		"J\u0301\u00f6rg O\u2019Neill-Ng\u0169":            "J\u0301\u00f6rg O\u2019Neill-Ng\u0169",
	} {
		require.Equal(t, want, text.Label(in), "%+q", in)
	}
}

func FuzzLabel(f *testing.F) {
	f.Add("Ana \u202eGarc\u0131\u0301a\u200d")
	f.Add("\u2764\ufe0f\u200d")
	f.Fuzz(func(t *testing.T, s string) {
		label := text.Label(s)
		require.Equal(t, label, text.Label(label), "a second time changes nothing")
		for _, r := range label {
			require.NotContains(t, []rune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"), r)
		}
	})
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
