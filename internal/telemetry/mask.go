package telemetry

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// address matches a possible e-mail address, also in a URL, after an escape sequence if the line is JSON or quoted.
// Its groups are the escape, the local part, the sign and the domain. Characters that are valid but very rare in a
// local part, such as an equals sign, end the match, because they separate a key from its value.
var address = regexp.MustCompile(
	`(\\u[0-9A-Fa-f]{4}|\\.)?([\p{L}\p{N}][\p{L}\p{N}.!#$'*+^_{|}~-]*)(@|%40)([\p{L}\p{N}.-]+)`)

// messageName matches the local part of the catalog's own Message-IDs.
var messageName = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// Mask masks all but the first letter and the domain of each e-mail address: a***@example.com. It keeps Message-IDs.
func Mask(text string) string { return string(mask([]byte(text))) }

func mask(line []byte) []byte {
	if bytes.IndexByte(line, '@') < 0 && !bytes.Contains(line, []byte("%40")) {
		return line
	}
	return address.ReplaceAllFunc(line, maskAddress)
}

func maskAddress(found []byte) []byte {
	parts := address.FindSubmatch(found)
	escape, name, sign, domain := parts[1], parts[2], parts[3], parts[4]
	if !isDomain(string(domain)) || messageName.Match(name) {
		return found
	}
	_, first := utf8.DecodeRune(name)
	return bytes.Join([][]byte{escape, name[:first], []byte("***"), sign, domain}, nil)
}

// isDomain distinguishes a host name from the version of a Go module, as in a stack trace: its last label has no
// digits, unless it is in Punycode.
func isDomain(text string) bool {
	text = strings.TrimRight(text, ".-")
	last := text[strings.LastIndexByte(text, '.')+1:]
	return last != "" && (strings.HasPrefix(last, "xn--") || strings.IndexFunc(last, unicode.IsDigit) < 0)
}

// masking is a writer that masks e-mail addresses. Each write must be a whole line.
type masking struct{ io.Writer }

// Write writes a line, and reports its original length.
func (m masking) Write(line []byte) (int, error) {
	if _, err := m.Writer.Write(mask(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
