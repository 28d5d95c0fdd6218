// Package fields is the one table of what a product consists of. For each field of catalog.v1.Product it
// knows the columns, and how the field is read from a row, shown in a message, validated, patched by an
// update mask, compared, written, searched, told in the history and in mails, and how it stands in files
// of the catalog's own format.
//
// A new field is one more row of the table; whatever handles products reads the table. The package stands
// below everything that does: it knows the stored rows and the contract, and no feature.
package fields

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

// Field is one field of catalog.v1.Product.
type Field struct {
	shown

	// Name is the field's name in the contract, such as "image_urls".
	Name string
	// label is what people call the field; empty if that is its name, with spaces.
	label string
	// title says that the field names the product for people: history and mails tell it first.
	title bool
	// searched says that full-text search looks into the field.
	searched bool
	// paths are what an update mask can name: the field, or each of its parts.
	paths []string
	// value is nil for a field that the server sets.
	value value
}

// shown is what is known about every field: how it comes from a row into a message.
type shown interface {
	// columns returns the columns that the message needs.
	columns() []columnOf
	// show sets the field of a message.
	show(from *ent.Product, to *catalogv1.Product)
	// same reports whether two rows have the same value.
	same(a, b *ent.Product) bool
}

// value is what is known about a field that administrators write.
type value interface {
	shown
	editable
	readableByPeople

	// equal reports whether two messages have the same value.
	equal(a, b *catalogv1.Product) bool
	// cells returns the columns of the field in a file.
	cells(f *Field) []Cell
}

// editable is how a field that administrators write comes from a message into a mutation.
type editable interface {
	// parts are the paths of the parts that an update mask can name, if any.
	parts() []string
	// read brings the field of a message into a row, and notes what is not valid below path. If the mask
	// names only some parts, it leaves the row alone: merge does it.
	read(ps *fault.Problems, path string, mask Mask, from *catalogv1.Product, to *ent.Product)
	// merge brings a field that a patch names into the next row, which is still as the product is now.
	merge(ps *fault.Problems, path string, from *Patch, next *ent.Product)
	// write sets the columns of a mutation, those that are derived from the field too.
	write(m *ent.ProductMutation, from *ent.Product)
	// derived returns the columns that are made from the field and not shown.
	derived() []columnOf
	// added reports whether a mutation adds to the field, instead of setting it.
	added(m *ent.ProductMutation) bool
}

// readableByPeople is how history, mails and search see a field.
type readableByPeople interface {
	// stored returns the value in the JSON form of the contract, for encoding/json.
	stored(from *ent.Product) any
	// readable returns a value that was stored as people read it.
	readable(stored any) string
	// text returns what search looks into.
	text(from *ent.Product) []string
}

// The fields that administrators write, those that the server sets left out; and the same as history
// tells them.
var writable, told = split()

// shownColumns are those that a message is made of; every column is in byColumn.
var shownColumns, byColumn = index()

func split() (writable, told []*Field) {
	for i := range table {
		if f := &table[i]; f.value != nil {
			f.shown, f.paths = f.value, []string{f.Name}
			if parts := f.value.parts(); len(parts) > 0 {
				f.paths = parts
			}
			writable = append(writable, f)
		}
	}
	told = slices.Clone(writable)
	slices.SortStableFunc(told, func(a, b *Field) int {
		switch {
		case a.title == b.title:
			return 0
		case a.title:
			return -1
		default:
			return 1
		}
	})
	return writable, told
}

func index() (shown []string, all map[string]columnOf) {
	all = map[string]columnOf{searchText.name: searchText}
	for i := range table {
		for _, c := range table[i].columns() {
			shown = append(shown, c.named())
			all[c.named()] = c
		}
	}
	for _, f := range writable {
		for _, c := range f.value.derived() {
			all[c.named()] = c
		}
	}
	return shown, all
}

// Columns returns the columns that a product's message is made of. Reads leave the others where they are.
func Columns() []string { return slices.Clone(shownColumns) }

// Message returns the message for a row that has Columns.
func Message(row *ent.Product) *catalogv1.Product {
	m := &catalogv1.Product{}
	for i := range table {
		table[i].show(row, m)
	}
	return m
}

// Messages returns the messages for rows, in their order.
func Messages(rows []*ent.Product) []*catalogv1.Product {
	messages := make([]*catalogv1.Product, len(rows))
	for i, row := range rows {
		messages[i] = Message(row)
	}
	return messages
}

// Writable returns the fields that administrators write, in the order of the contract.
func Writable() []*Field { return writable }

// Told returns the fields that history tells of, in the order in which people read them.
func Told() []*Field { return told }

// named returns a field that administrators write; nil if there is none with the name.
func named(name string) *Field {
	i := slices.IndexFunc(writable, func(f *Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return writable[i]
}

// Same reports whether two rows have the same value.
func (f *Field) Same(a, b *ent.Product) bool { return f.same(a, b) }

// Equal reports whether two messages have the same value, however they write it: 129.9 is 129.90.
func (f *Field) Equal(a, b *catalogv1.Product) bool { return f.value.equal(a, b) }

// Stored returns the value in the JSON form that the API gives it, as history keeps it.
func (f *Field) Stored(row *ent.Product) (json.RawMessage, error) {
	raw, err := json.Marshal(f.value.stored(row))
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return raw, nil
}

// required reports whether the contract says that each product has the field.
func (f *Field) required() bool {
	descriptor := (*catalogv1.Product)(nil).ProtoReflect().Descriptor().Fields().ByTextName(f.Name)
	behaviors, _ := proto.GetExtension(descriptor.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, annotations.FieldBehavior_REQUIRED)
}

// Label returns what people call a field, in a mail; for one that is not in the table, its name.
func Label(name string) string {
	if f := named(name); f != nil && f.label != "" {
		return f.label
	}
	return strings.ReplaceAll(name, "_", " ")
}
