package importer

import (
	"errors"
	"fmt"
	"io"
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
)

// Row is one product of a file.
type Row struct {
	// Line is the line on which the row starts, counted from 1.
	Line int
	// Product has the fields for which the file has columns.
	Product *catalogv1.Product
	// Attributes are changes of the product's attributes; an empty value removes one.
	Attributes map[string]string
}

// File is a parsed file.
type File struct {
	Rows []Row
	// Problems are the problems of rows that are not in Rows.
	Problems []Problem
	// Unpublished is the number of rows that were skipped because the shop does not publish them.
	Unpublished int

	// paths are the fields of a product for which the file has columns.
	paths []string
	// columns maps fields of a product to the file's names for them, where they differ.
	columns map[string]string
}

// Parse parses a file in one of the supported formats; currency applies to prices without one. Returns an error if the
// file as a whole is unreadable; unreadable rows are in its Problems.
func Parse(from io.Reader, currency string) (*File, error) {
	t, err := openTable(from)
	if err != nil {
		return nil, err
	}
	file := &File{}
	switch {
	case isShopify(t.header):
		err = file.readShopify(t, currency)
	case isOwn(t.header):
		err = file.readOwn(t, currency)
	default:
		required, _ := Columns()
		return nil, fmt.Errorf("the header is of no known format: it has neither the columns %s nor those of a "+
			"Shopify product export; it has %s", strings.Join(required, ", "), strings.Join(t.header, ", "))
	}
	if err != nil {
		return nil, err
	}
	file.dropInvalid()
	return file, nil
}

// column returns the file's name for a field of a product, such as "price.amount".
func (f *File) column(field string) string {
	if key, ok := strings.CutPrefix(field, `attributes["`); ok {
		return strings.TrimSuffix(key, `"]`)
	}
	field, _, _ = strings.Cut(field, "[")
	cell, ok := fields.CellOf(field)
	if !ok {
		return field
	}
	if name, ok := f.columns[cell.Header]; ok {
		return name
	}
	return cell.Header
}

// note records the problem of a row. Returns err if it is any other error.
func (f *File) note(err error) error {
	var bad rowError
	if !errors.As(err, &bad) {
		return err
	}
	f.Problems = append(f.Problems, Problem(bad))
	return nil
}

// dropInvalid moves rows that fail the server's validation, as far as the client can check it, from Rows to Problems.
func (f *File) dropInvalid() {
	lines := make(map[string]int, len(f.Rows))
	valid := f.Rows[:0]
	for _, row := range f.Rows {
		problems := f.check(row)
		if sku := row.Product.GetSku(); sku != "" {
			if first, taken := lines[sku]; taken {
				reason := fmt.Sprintf("%q is on line %d already", sku, first)
				problems = append(problems, Problem{Line: row.Line, Field: f.column("sku"), Reason: reason})
			} else {
				lines[sku] = row.Line
			}
		}
		if len(problems) == 0 {
			valid = append(valid, row)
		}
		f.Problems = append(f.Problems, problems...)
	}
	f.Rows = valid
}

// check returns the problems that the server would report about the fields of a row.
func (f *File) check(row Row) []Problem {
	_, err := fields.NewPatch(row.Product, fields.Everything())
	bad, isFault := errors.AsType[*fault.Error](err)
	if !isFault {
		return nil
	}
	problems := make([]Problem, len(bad.Violations))
	for i, v := range bad.Violations {
		problems[i] = Problem{Line: row.Line, Field: f.column(v.Field), Reason: v.Description}
	}
	return problems
}
