package notification

import (
	"strings"
	"unicode"
)

const (
	// nameSize is the maximum length of a product's name in a subject, in characters.
	nameSize = 100
	// valueSize is the maximum length of a value in a mail, in characters.
	valueSize = 600
)

// shorten truncates s to a number of characters.
func shorten(s string, size int) string {
	runes := []rune(s)
	if len(runes) <= size {
		return s
	}
	return string(runes[:size-1]) + "…"
}

// plain returns s on one line: it replaces line breaks and other control characters by spaces.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
}
