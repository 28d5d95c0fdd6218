package pagination_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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
		"line feed":  token[:4] + "\n" + token[4:],
		"CR at end":  token + "\r",
		"other bits": otherBits(t, token),
	} {
		_, err := pagination.Parse(foreign, query{"a"}, &position{})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "%s: %v", name, err)
	}
	_, err = pagination.Parse(token, query{"b"}, &position{})
	require.True(t, fault.Is(err, fault.PageTokenInvalid), "a token of another query")
}

// otherBits returns another spelling of a token's bytes: base64 has bits behind the last one.
func otherBits(t *testing.T, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, digit := range digits {
		other := token[:len(token)-1] + string(digit)
		if again, err := base64.RawURLEncoding.DecodeString(other); err == nil && other != token && bytes.Equal(raw, again) {
			return other
		}
	}
	require.Fail(t, "the token has no bits to spare")
	return ""
}

func TestPositionsSpelledOtherwiseAreRefused(t *testing.T) {
	for _, forged := range []string{
		`{"After":"x","More":1}`, `{"after":"x"}`, `{"After":"y","After":"x"}`, `{"After":null}`, `{}`, `null`,
		`{"After":"\u0078"}`,
	} {
		token, err := pagination.Token(query{"a"}, json.RawMessage(forged))
		require.NoError(t, err)
		_, err = pagination.Parse(token, query{"a"}, &position{})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "%s: %v", forged, err)
	}
}

func FuzzParse(f *testing.F) {
	token, err := pagination.Token(query{"a"}, position{"x"})
	require.NoError(f, err)
	f.Add(token)
	f.Add("")
	f.Add(token + "\n")
	f.Add(token[:len(token)-1] + "R")
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
