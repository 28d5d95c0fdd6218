package telemetry

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// address is what may be an e-mail address, also in a URL, behind the escape before it if the line is JSON
// or quoted. Its parts are the escape, the name, the sign and the domain. What a name may hold but hardly
// ever does, such as an equals sign, ends it here, because that stands between a key and its value.
var address = regexp.MustCompile(
	`(\\u[0-9A-Fa-f]{4}|\\.)?([\p{L}\p{N}][\p{L}\p{N}.!#$'*+^_{|}~-]*)(@|%40)([\p{L}\p{N}.-]+)`)

// messageName is what the name in a Message-ID of ours holds.
var messageName = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// Mask returns text with only the first letter and the domain of each e-mail address: a***@example.com.
// Message-IDs stay.
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

// isDomain tells a host's name from a version of a Go module, as in the path of a file in a stack: its last
// label has no digits, unless it is an encoded one.
func isDomain(text string) bool {
	text = strings.TrimRight(text, ".-")
	last := text[strings.LastIndexByte(text, '.')+1:]
	return last != "" && (strings.HasPrefix(last, "xn--") || strings.IndexFunc(last, unicode.IsDigit) < 0)
}

// masking masks the addresses in what is written through it. Each write must be a whole line.
type masking struct{ io.Writer }

// Write writes a line, and reports all of it as written.
func (m masking) Write(line []byte) (int, error) {
	if _, err := m.Writer.Write(mask(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
