package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zebrands/catalog/internal/telemetry"
)

// errorSize is how many bytes of a mail server's answer are kept.
const errorSize = 500

// oneLine returns s as a header may hold it: line breaks and other control characters, which could
// start a header of their own, become spaces.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsControl(r) || r == ' ' || r == '\u2028' || r == '\u2029'
	}), " ")
}

// excerpt returns the start of what a mail server said, on one line, without the secrets, and with the
// addresses in it masked: it goes into the log.
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
