package admin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/fault"
)

func TestCleanEmail(t *testing.T) {
	for typed, want := range map[string]string{
		"\tAna.Lopez+x@Example.COM\n": "ana.lopez+x@example.com",
		"ana@M\u00dcNCHEN.example":    "ana@xn--mnchen-3ya.example",
		"ana@mu\u0308nchen.example":   "ana@xn--mnchen-3ya.example",
		"ana@XN--MNCHEN-3YA.example":  "ana@xn--mnchen-3ya.example",
		"ana@fa\u00df.example":        "ana@xn--fa-hia.example",
		"ana@\uff45xample\u3002com":   "ana@example.com",
		"ana@\u0435xample.com":        "ana@xn--xample-2of.com", // a Cyrillic letter: another domain
	} {
		got, bad := cleanEmail(typed)
		require.Equal(t, problem{}, bad, "%+q", typed)
		require.Equal(t, want, got)
		again, _ := cleanEmail(got)
		require.Equal(t, got, again)
	}
	for _, typed := range []string{
		"\u212aelvin@example.com", "mi\u017fter@example.com", "\uff41na@example.com", "\u0430na@example.com",
		"jos\u00e9@example.com", "an\u0131@example.com", "\u0130an@example.com", "ana\u200b@example.com", "ana\u202e@example.com",
		"ana\uff20example.com", "ana@exa mple.com", "ana@-example.com", "ana@exam\u200dple.com", "ana@xn--a.com",
		"ana@example@com", "@example.com", "ana@", "Ana <ana@example.com>", "ana@example.com.\x00",
	} {
		got, bad := cleanEmail(typed)
		require.Equal(t, fault.FieldNotEmail, bad.reason, "%+q became %q", typed, got)
	}
}

func FuzzCleanEmail(f *testing.F) {
	f.Add("Ana@M\u00fcnchen.example")
	f.Add("\u212a@example.com")
	f.Add("0@0\xbc0")
	f.Fuzz(func(t *testing.T, typed string) {
		email, bad := cleanEmail(typed)
		if bad != (problem{}) {
			require.Empty(t, email)
			return
		}
		for _, r := range email {
			require.Less(t, r, rune(0x80))
		}
		again, bad := cleanEmail(email)
		require.Equal(t, problem{}, bad)
		require.Equal(t, email, again, "a second time changes nothing")
	})
}
