package importer

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// The columns of the catalog's own format, in the order in which they are exported.
var (
	ownRequired = []string{"sku", "name", "brand", "price"}
	ownOptional = []string{"currency", "description", "image_urls", "tags", "attributes"}
)

// isOwn reports whether a header is that of the catalog's own format.
func isOwn(header []string) bool {
	for _, name := range ownRequired {
		if !slices.ContainsFunc(header, func(h string) bool { return strings.EqualFold(h, name) }) {
			return false
		}
	}
	return true
}

// ownName returns the name of a known column, whatever its case; "" if it is not known.
func ownName(header string) string {
	name := strings.ToLower(header)
	if slices.Contains(ownRequired, name) || slices.Contains(ownOptional, name) {
		return name
	}
	return ""
}

func (f *File) readOwn(t *table, currency string) error {
	f.columns = map[string]string{}
	f.paths = []string{"name", "brand", "price"}
	var facts []string // columns that are attributes
	for _, header := range t.header {
		switch name := ownName(header); name {
		case "":
			if header != "" {
				facts = append(facts, header)
			}
		case "description", "image_urls", "tags", "attributes":
			f.paths = append(f.paths, name)
			f.columns[name] = header
		default:
			f.columns[name] = header
		}
	}
	for rec, err := range t.rows() {
		if err == nil {
			err = f.addOwn(rec, facts, currency)
		}
		if err != nil && f.note(err) != nil {
			return err
		}
	}
	return nil
}

// addOwn adds the row of a record. Returns a rowError if a cell cannot be read.
func (f *File) addOwn(rec record, facts []string, currency string) error {
	cell := func(field string) string { return clean(rec.cells[f.columns[field]]) }
	p := &catalogv1.Product{
		Sku: cell("sku"), Name: cell("name"), Brand: cell("brand"), Description: cell("description"),
		Price: &catalogv1.Money{Amount: cell("price"), CurrencyCode: cell("currency")},
	}
	if p.GetPrice().GetCurrencyCode() == "" {
		p.Price.CurrencyCode = currency
	}
	bad := func(field string, err error) error {
		return rowError{Line: rec.line, Field: f.columns[field], Reason: err.Error()}
	}
	var err error
	if p.ImageUrls, err = splitList(cell("image_urls")); err != nil {
		return bad("image_urls", err)
	}
	if p.Tags, err = splitList(cell("tags")); err != nil {
		return bad("tags", err)
	}
	if p.Attributes, err = readAttributes(cell("attributes")); err != nil {
		return bad("attributes", err)
	}
	row := Row{Line: rec.line, Product: p, Attributes: make(map[string]string, len(facts))}
	for _, name := range facts {
		row.Attributes[clean(name)] = clean(rec.cells[name])
	}
	f.Rows = append(f.Rows, row)
	return nil
}

var errNotList = errors.New(`is not a list: write red,"big, round"`)

// splitList reads a list that is written as a line of CSV.
func splitList(cell string) ([]string, error) {
	if cell == "" {
		return nil, nil
	}
	reader := csv.NewReader(strings.NewReader(cell))
	reader.TrimLeadingSpace = true
	items, err := reader.Read()
	if err != nil {
		return nil, errNotList
	}
	if _, err := reader.Read(); !errors.Is(err, io.EOF) {
		return nil, errNotList
	}
	for i, item := range items {
		items[i] = clean(item)
	}
	return items, nil
}

// joinList is the opposite of splitList.
func joinList(items []string) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	var b strings.Builder
	writer := csv.NewWriter(&b)
	if err := writer.Write(items); err != nil {
		return "", err
	}
	writer.Flush()
	return strings.TrimSuffix(b.String(), "\n"), writer.Error()
}

var errNotAttributes = errors.New(`is not a JSON object of text: write {"colour": "red"}`)

func readAttributes(cell string) (map[string]string, error) {
	if cell == "" {
		return nil, nil //nolint:nilnil // no attributes
	}
	var attributes map[string]string
	if err := json.Unmarshal([]byte(cell), &attributes); err != nil {
		return nil, errNotAttributes
	}
	cleaned := make(map[string]string, len(attributes))
	for key, value := range attributes {
		cleaned[clean(key)] = clean(value)
	}
	return cleaned, nil
}
