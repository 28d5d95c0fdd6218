package importer

import (
	"slices"
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// fieldSKU is the field that identifies the product of a row. fieldAttributes is the field that contains the columns
// with unknown names.
const (
	fieldSKU        = "sku"
	fieldAttributes = "attributes"
)

// Columns returns the required and the optional columns of the catalog's own format.
func Columns() (required, optional []string) {
	for _, c := range fields.Cells() {
		if c.Required {
			required = append(required, c.Header)
		} else {
			optional = append(optional, c.Header)
		}
	}
	return required, optional
}

// ownHeader returns the columns of the catalog's own format, in export order.
func ownHeader() []string {
	header := make([]string, len(fields.Cells()))
	for i, c := range fields.Cells() {
		header[i] = c.Header
	}
	return header
}

// isOwn reports whether a header is in the catalog's own format.
func isOwn(header []string) bool {
	required, _ := Columns()
	for _, name := range required {
		if !slices.ContainsFunc(header, func(h string) bool { return strings.EqualFold(h, name) }) {
			return false
		}
	}
	return true
}

// ownCell is a column of a file in the catalog's own format.
type ownCell struct {
	fields.Cell

	// name is the column's name in the file.
	name string
}

func (f *File) readOwn(t *table, currency string) error {
	f.columns = map[string]string{}
	var cells []ownCell
	for _, c := range fields.Cells() {
		i := slices.IndexFunc(t.header, func(h string) bool { return strings.EqualFold(h, c.Header) })
		if i < 0 {
			continue
		}
		cells = append(cells, ownCell{c, t.header[i]})
		f.columns[c.Header] = t.header[i]
		if c.Field != fieldSKU && !slices.Contains(f.paths, c.Field) {
			f.paths = append(f.paths, c.Field)
		}
	}
	var facts []string // columns that are attributes
	for _, header := range t.header {
		isKnown := slices.ContainsFunc(cells, func(c ownCell) bool { return c.name == header })
		if header != "" && !isKnown {
			facts = append(facts, header)
		}
	}
	for rec, err := range t.rows() {
		if err == nil {
			err = f.addOwn(rec, cells, facts, currency)
		}
		if err != nil && f.note(err) != nil {
			return err
		}
	}
	return nil
}

// addOwn adds the row of a record. Returns a rowError if a cell is unreadable.
func (f *File) addOwn(rec record, cells []ownCell, facts []string, currency string) error {
	p := &catalogv1.Product{}
	for _, c := range cells {
		if err := c.Read(text.Mend(rec.cells[c.name]), p); err != nil {
			return rowError{Line: rec.line, Field: c.name, Reason: err.Error()}
		}
	}
	if p.GetPrice().GetCurrencyCode() == "" {
		p.Price.CurrencyCode = currency
	}
	row := Row{Line: rec.line, Product: p, Attributes: make(map[string]string, len(facts))}
	for _, name := range facts {
		row.Attributes[text.Mend(name)] = text.Mend(rec.cells[name])
	}
	f.Rows = append(f.Rows, row)
	return nil
}
