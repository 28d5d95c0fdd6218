package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zebrands/catalog/internal/telemetry"
)

// errorSize bounds an excerpt of a mail server's reply, in bytes.
const errorSize = 500

// oneLine prevents header injection: it replaces line breaks and other control characters by spaces.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsControl(r) || r == ' ' || r == '\u2028' || r == '\u2029'
	}), " ")
}

// excerpt returns the start of a mail server's reply for the log: on one line, with secrets redacted and
// addresses masked.
func excerpt(s string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
	}
	s = telemetry.Mask(oneLine(s))
	if len(s) <= errorSize {
		return s
	}
	cut := errorSize
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
