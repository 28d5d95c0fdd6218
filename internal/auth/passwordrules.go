package auth

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/zebrands/catalog/internal/auth/commonpasswords"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/text"
)

// Bounds of a password's length, in characters.
const (
	MinPasswordLength = 12
	MaxPasswordLength = 128
)

// minOwn is how many characters of a password must be neither of expected words nor of a row of keys.
const minOwn = 8

// expected are words that are easy to guess here (OWASP ASVS 6.1.2), in the form of text.Fold. The words of the
// administrator's name and address come on top.
var expected = []string{
	"catalog", "zebrands", "admin", "administrator", "administrador", "password", "contrasena", "clave", "welcome",
	"bienvenido", "changeme",
}

// rows are the characters that people type one after the other.
var rows = both(
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn",
)

// minRun is how many characters of a row in a sequence are a run.
const minRun = 4

// CheckPassword returns a fault on field if password is not acceptable for an administrator with the given
// e-mail address and name. Both may be empty if they are not known.
func CheckPassword(field, password, email, name string) error {
	password = norm.NFKC.String(password)
	length := utf8.RuneCountInString(password)
	first, _ := utf8.DecodeRuneInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		// The API rejects such text, so nobody could sign in with it.
		return fault.Field(field, fault.FieldControlCharacters, "must be UTF-8 text without control characters")
	case length < MinPasswordLength:
		return fault.Field(field, fault.FieldTooShort, "must have at least %d characters", MinPasswordLength)
	case length > MaxPasswordLength:
		return fault.Field(field, fault.FieldTooLong, "must have at most %d characters", MaxPasswordLength)
	case strings.Trim(password, string(first)) == "":
		return fault.Field(field, fault.FieldOneCharacter, "must not repeat one character")
	case text.Fold(password) == text.Fold(email):
		return fault.Field(field, fault.FieldSameAsEmail, "must not be the e-mail address")
	case common(text.Fold(password), slices.Concat(expected, text.Words(email), text.Words(name))):
		return fault.Field(field, fault.FieldCommonPassword,
			"must not be a password that many people use, a repetition, or little more than names and rows of keys")
	}
	return nil
}

// common reports whether a folded password is among the first that an attacker tries: one of the most used ones, the
// repetition of a shorter one, or made of little else than words that are known.
func common(folded string, words []string) bool {
	return commonpasswords.Contains(folded) || repeats(folded) || own(folded, words) < minOwn
}

// repeats reports whether s is a text of less than the minimal length, over and over; the last one may be cut off.
func repeats(s string) bool {
	runes := []rune(s)
	for period := 1; period < MinPasswordLength && period <= len(runes)/2; period++ {
		if slices.Equal(runes[period:], runes[:len(runes)-period]) {
			return true
		}
	}
	return false
}

// own returns the number of characters of s that belong neither to one of words nor to a run of a row.
func own(s string, words []string) int {
	known := make([]bool, len(s))
	for _, word := range words {
		if utf8.RuneCountInString(word) >= 3 {
			cover(known, s, word)
		}
	}
	for _, row := range rows {
		for start := range len(row) - minRun + 1 {
			cover(known, s, row[start:start+minRun])
		}
	}
	n := 0
	for i := range s {
		if !known[i] {
			n++
		}
	}
	return n
}

// cover marks the bytes of s where part occurs, overlapping ones included.
func cover(known []bool, s, part string) {
	for from := 0; ; {
		at := strings.Index(s[from:], part)
		if at < 0 {
			return
		}
		at += from
		for i := range part {
			known[at+i] = true
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		from = at + size
	}
}

// both returns rows of ASCII and their reversals.
func both(rows ...string) []string {
	all := slices.Clone(rows)
	for _, row := range rows {
		reversed := []byte(row)
		slices.Reverse(reversed)
		all = append(all, string(reversed))
	}
	return all
}
