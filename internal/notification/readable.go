package notification

import (
	"strings"
	"unicode"
)

const (
	// nameSize is how many characters of a product's name a mail repeats in its subject.
	nameSize = 100
	// valueSize is how many characters of a value a mail shows.
	valueSize = 600
)

// shorten cuts s to a number of characters.
func shorten(s string, size int) string {
	runes := []rune(s)
	if len(runes) <= size {
		return s
	}
	return string(runes[:size-1]) + "…"
}

// plain returns s on one line: line breaks and other control characters become spaces.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
}
