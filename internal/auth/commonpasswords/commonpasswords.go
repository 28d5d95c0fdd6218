// Package commonpasswords knows the passwords that people choose most often, which are what an attacker tries first.
package commonpasswords

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"

	"github.com/zebrands/catalog/internal/text"
)

// list has the passwords in the form of text.Fold, sorted, one a line, compressed: those of the million most used ones
// that are not too short anyway, 43,940 of them. It takes 317 kB of the program, and 640 kB of memory once it was used.
// The program in generate writes it, and names its source.
//
//go:embed list.txt.gz
var list []byte

// lines returns the list with a line break before each password and after the last.
var lines = sync.OnceValue(func() []byte {
	compressed, err := gzip.NewReader(bytes.NewReader(list))
	if err != nil {
		panic(err) // the list is part of the program
	}
	plain, err := io.ReadAll(compressed)
	if err != nil {
		panic(err)
	}
	return append([]byte("\n"), plain...)
})

// Contains reports whether a password is on the list. Case, accents and compatibility forms do not matter.
func Contains(password string) bool {
	folded := text.Fold(password)
	return !strings.Contains(folded, "\n") && bytes.Contains(lines(), []byte("\n"+folded+"\n"))
}
