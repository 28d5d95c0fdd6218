package pagination_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
)

type query struct{ Filter string }

type position struct{ After string }

func TestTokenComesBack(t *testing.T) {
	token, err := pagination.Token(query{"a"}, position{"x"})
	require.NoError(t, err)

	var got position
	ok, err := pagination.Parse(token, query{"a"}, &got)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, position{"x"}, got)
}

func TestNoTokenIsTheFirstPage(t *testing.T) {
	var got position
	ok, err := pagination.Parse("", query{"a"}, &got)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestForeignTokensAreRefused(t *testing.T) {
	token, err := pagination.Token(query{"a"}, position{"x"})
	require.NoError(t, err)
	for name, foreign := range map[string]string{
		"not base64": "!!!",
		"too short":  "AAAA",
		"cut":        token[:len(token)-2],
		"changed":    token[:len(token)-1] + "A",
		"padded":     token + "==",
	} {
		_, err := pagination.Parse(foreign, query{"a"}, &position{})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "%s: %v", name, err)
	}
	_, err = pagination.Parse(token, query{"b"}, &position{})
	require.True(t, fault.Is(err, fault.PageTokenInvalid), "a token of another query")
}

func FuzzParse(f *testing.F) {
	token, err := pagination.Token(query{"a"}, position{"x"})
	require.NoError(f, err)
	f.Add(token)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		var got position
		ok, err := pagination.Parse(s, query{"a"}, &got)
		if ok {
			require.NoError(t, err)
			again, err := pagination.Token(query{"a"}, got)
			require.NoError(t, err)
			require.Equal(t, s, again, "only our own tokens are read")
		}
	})
}
