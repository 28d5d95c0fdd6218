package text

import (
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// Mend returns a text from somebody's file in the form in which the catalog keeps text: clean, with the
// line ends of Unix, and without what is left of another encoding.
func Mend(s string) string {
	return Clean(strings.Map(mended, strings.ReplaceAll(s, "\r\n", "\n")))
}

// mended returns the character that was meant by a C1 control character, which the catalog refuses: it
// is what is left of one in Windows-1252, such as "™", that was taken for Latin-1. Browsers do the same.
func mended(r rune) rune {
	if r >= 0x80 && r <= 0x9F {
		return charmap.Windows1252.DecodeByte(byte(r))
	}
	return r
}
