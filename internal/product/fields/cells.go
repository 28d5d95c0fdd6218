package fields

import (
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// Cell is one column of a file in the catalog's own format. Some fields take more than one.
type Cell struct {
	// Header is the column's name.
	Header string
	// Field is the name of the field, and Path that of the part of it which the column holds, such as
	// "price.currency_code".
	Field, Path string
	// Required says that a file must have the column.
	Required bool

	read   func(cell string, to *catalogv1.Product) error
	format func(from *catalogv1.Product) (string, error)
}

// cells are the columns of files, in the order in which they are written.
var cells = func() []Cell {
	var all []Cell
	for _, f := range writable {
		for _, c := range f.value.cells(f) {
			c.Field = f.Name
			all = append(all, c)
		}
	}
	return all
}()

// Cells returns the columns of files in the catalog's own format, in the order in which they are written.
func Cells() []Cell { return cells }

// CellOf returns the column that holds a path, such as "price.currency_code"; false if there is none.
func CellOf(path string) (Cell, bool) {
	root, _, _ := strings.Cut(path, ".")
	first, found := Cell{}, false
	for _, c := range cells {
		if c.Path == path {
			return c, true
		}
		if c.Field == root && !found {
			first, found = c, true
		}
	}
	return first, found
}

// Read brings what a file says into a message. Returns an error without the column's name if it cannot be
// read.
func (c Cell) Read(cell string, to *catalogv1.Product) error { return c.read(cell, to) }

// Format returns what a file says of a product. Read takes it back.
func (c Cell) Format(from *catalogv1.Product) (string, error) { return c.format(from) }
