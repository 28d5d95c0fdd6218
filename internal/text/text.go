// Package text normalizes text for storage, ordering and search.
package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// Clean returns s in Unicode form NFC without surrounding white space.
func Clean(s string) string {
	return strings.TrimSpace(norm.NFC.String(s))
}

// Label returns a name of one line as readers should see it: clean, with single spaces, and without characters that
// show nothing or change how their neighbors are shown, such as direction marks and zero-width spaces. Joiners stay
// where scripts and emoji need them, and variation selectors behind symbols and Han characters.
func Label(s string) string {
	var kept []rune
	for _, r := range norm.NFC.String(s) {
		switch {
		case unicode.In(r, unicode.Z) || r == brailleBlank:
			r = ' '
			if len(kept) == 0 || kept[len(kept)-1] == ' ' {
				continue
			}
		case unicode.In(r, invisible) && !shapes(kept, r):
			continue
		}
		kept = append(kept, r)
	}
	for len(kept) > 0 && isJoiner(kept[len(kept)-1]) { // joins nothing
		kept = kept[:len(kept)-1]
	}
	return Clean(string(kept))
}

// brailleBlank is a symbol that looks like a space.
const brailleBlank = '\u2800'

// invisible are the characters that show nothing of their own: format characters, variation selectors, and fillers.
// Those of Prepended_Concatenation_Mark are format characters that do show.
var invisible = rangetable.Merge(
	without(unicode.Cf, unicode.Prepended_Concatenation_Mark), unicode.Other_Default_Ignorable_Code_Point,
	unicode.Variation_Selector,
)

// without returns the characters of table that are not in excluded.
func without(table, excluded *unicode.RangeTable) *unicode.RangeTable {
	var left []rune
	rangetable.Visit(table, func(r rune) {
		if !unicode.Is(excluded, r) {
			left = append(left, r)
		}
	})
	return rangetable.New(left...)
}

// shapes reports whether an invisible character has a meaning behind the characters before it.
func shapes(before []rune, r rune) bool {
	if len(before) == 0 {
		return false
	}
	last := before[len(before)-1]
	symbol := unicode.In(last, unicode.So, unicode.Sk) || unicode.Is(unicode.Variation_Selector, last)
	switch {
	case isJoiner(r):
		return symbol || unicode.In(last, joining...)
	case r == '\uFE0E' || r == '\uFE0F': // as text, as emoji
		return unicode.In(last, unicode.So, unicode.Sm, unicode.Po, unicode.Nd)
	case unicode.Is(unicode.Variation_Selector, r):
		return unicode.Is(unicode.Han, last)
	default:
		return false
	}
}

// joining are the scripts whose letters a joiner or a non-joiner shapes.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
	unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

func isJoiner(r rune) bool { return r == '\u200C' || r == '\u200D' }

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
