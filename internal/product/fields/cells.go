package fields

import (
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// Cell is one column of a file in the catalog's own format. Some fields have more than one.
type Cell struct {
	// Header is the column's name.
	Header string
	// Field is the field's name. Path is the path of the field or the part of it in the column, such as
	// "price.currency_code".
	Field, Path string
	// Required reports whether a file must have the column.
	Required bool

	read   func(cell string, to *catalogv1.Product) error
	format func(from *catalogv1.Product) (string, error)
}

// cells are the columns of files, in export order.
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

// Cells returns the columns of files in the catalog's own format, in export order.
func Cells() []Cell { return cells }

// CellOf returns the column of a path, such as "price.currency_code"; false if there is none.
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

// Read parses a cell into a message. Returns an error without the column's name if the cell is invalid.
func (c Cell) Read(cell string, to *catalogv1.Product) error { return c.read(cell, to) }

// Format returns the cell for a product. It is the inverse of Read.
func (c Cell) Format(from *catalogv1.Product) (string, error) { return c.format(from) }
