// Package text normalizes text for storage, ordering and search.
package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Clean returns s in Unicode form NFC without surrounding white space.
func Clean(s string) string {
	return strings.TrimSpace(norm.NFC.String(s))
}

// Blank reports whether s is invisible: empty, or only white space and format characters such as the
// zero-width space.
func Blank(s string) bool {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }) == ""
}

// Fold returns s without case and accents, so that "Crème" equals "creme". Compatibility forms are folded
// too: "ﬁ" becomes "fi".
func Fold(s string) string {
	folder := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), cases.Fold(), norm.NFC)
	folded, _, err := transform.String(folder, s)
	if err != nil { // only for invalid UTF-8, which requests cannot contain
		return strings.ToLower(s)
	}
	return folded
}

// Words returns the folded words of s: runs of letters and digits.
func Words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}

// HasControl reports whether s has a control character, such as a line break.
func HasControl(s string) bool {
	return strings.ContainsFunc(s, unicode.IsControl)
}

// First returns at most the first n characters of s.
func First(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
