// Package fields is the single definition of a product's fields, as a table. For each field of catalog.v1.Product it
// defines the columns, and how the field is read from a row, written to a message, validated, patched by an update
// mask, compared, stored, searched, shown in the history and in mails, and imported and exported in files of the
// catalog's own format.
//
// A new field is one more row of the table; everything that handles products uses the table. The package is below its
// users: it depends on the stored rows and the contract, and on no feature.
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
	// label is the field's name for people; empty if that is Name with spaces.
	label string
	// title marks the field that names the product for people: history and mails show it first.
	title bool
	// searched includes the field in full-text search.
	searched bool
	// paths are the valid paths of an update mask: the field, or each of its parts.
	paths []string
	// value is nil for a field that the server sets.
	value value
}

// shown is common to all fields: how a field gets from a row into a message.
type shown interface {
	// columns returns the columns that the message needs.
	columns() []columnOf
	// show sets the field of a message.
	show(from *ent.Product, to *catalogv1.Product)
	// fill is the inverse of show.
	fill(from *catalogv1.Product, to *ent.Product) error
	// same reports whether two rows have the same value.
	same(a, b *ent.Product) bool
}

// value is a field that administrators write.
type value interface {
	shown
	editable
	readableByPeople

	// equal reports whether two messages have the same value.
	equal(a, b *catalogv1.Product) bool
	// cells returns the columns of the field in a file.
	cells(f *Field) []Cell
}

// editable is how a field that administrators write gets from a message into a mutation.
type editable interface {
	// parts are the paths of the parts that an update mask can name, if any.
	parts() []string
	// read copies the field of a message into a row, and adds problems below path. If the mask names only some parts,
	// it leaves the row unchanged for merge.
	read(ps *fault.Problems, path string, mask Mask, from *catalogv1.Product, to *ent.Product)
	// merge applies a patch of the field to next, which starts as a copy of the current row.
	merge(ps *fault.Problems, path string, from *Patch, next *ent.Product)
	// write sets the columns of a mutation, including those derived from the field.
	write(m *ent.ProductMutation, from *ent.Product)
	// derived returns the columns that are derived from the field and not shown.
	derived() []columnOf
	// added reports whether a mutation adds to the field, instead of setting it.
	added(m *ent.ProductMutation) bool
}

// readableByPeople is the form of a field for history, mails and search.
type readableByPeople interface {
	// stored returns the value in the JSON form of the contract, for encoding/json.
	stored(from *ent.Product) any
	// restore is the inverse of stored, and sets the columns that the value is shown in. null restores the value of a
	// product that does not exist yet.
	restore(raw json.RawMessage, to *ent.Product) error
	// readable formats a stored value for people.
	readable(stored any) string
	// text returns the texts that search indexes.
	text(from *ent.Product) []string
}

// writable are the fields that administrators write, without those that the server sets; told are the fields that the
// history shows.
var writable, told = split()

// shownColumns are the columns of a message; byColumn has every column.
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

// Columns returns the columns that a product's message needs. Reads select only these.
func Columns() []string { return slices.Clone(shownColumns) }

// Message returns the message for a row that has Columns.
func Message(row *ent.Product) *catalogv1.Product {
	m := &catalogv1.Product{}
	for i := range table {
		table[i].show(row, m)
	}
	return m
}

// Messages returns the messages for rows, in order.
func Messages(rows []*ent.Product) []*catalogv1.Product {
	messages := make([]*catalogv1.Product, len(rows))
	for i, row := range rows {
		messages[i] = Message(row)
	}
	return messages
}

// Row is the inverse of Message: it returns a row with Columns.
func Row(m *catalogv1.Product) (*ent.Product, error) {
	row := &ent.Product{}
	for i := range table {
		if err := table[i].fill(m, row); err != nil {
			return nil, fmt.Errorf("field %s: %w", table[i].Name, err)
		}
	}
	return row, nil
}

// Writable returns the fields that administrators write, in the order of the contract.
func Writable() []*Field { return writable }

// Told returns the fields that the history shows, in reading order.
func Told() []*Field { return told }

// named returns a field that administrators write by its name; nil if there is none.
func named(name string) *Field {
	i := slices.IndexFunc(writable, func(f *Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return writable[i]
}

// Same reports whether two rows have the same value.
func (f *Field) Same(a, b *ent.Product) bool { return f.same(a, b) }

// Equal reports whether two messages have the same value in any notation: 129.9 equals 129.90.
func (f *Field) Equal(a, b *catalogv1.Product) bool { return f.value.equal(a, b) }

// Stored returns the value in the JSON form of the API, as stored in the history.
func (f *Field) Stored(row *ent.Product) (json.RawMessage, error) {
	raw, err := json.Marshal(f.value.stored(row))
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return raw, nil
}

// Restore is the inverse of Stored: it sets a field of a row to a value that the history stored, such as the old one of
// a change. null stands for the value of a product that does not exist yet. Derived columns are left alone: see Write.
func Restore(row *ent.Product, name string, raw json.RawMessage) error {
	f := named(name)
	if f == nil {
		return fmt.Errorf("fields: there is no field %q", name)
	}
	if err := f.value.restore(raw, row); err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}
	return nil
}

// required reports whether the contract requires the field.
func (f *Field) required() bool {
	descriptor := (*catalogv1.Product)(nil).ProtoReflect().Descriptor().Fields().ByTextName(f.Name)
	behaviors, _ := proto.GetExtension(descriptor.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, annotations.FieldBehavior_REQUIRED)
}

// Label returns the field's name for people, in a mail. For an unknown field it is the given name.
func Label(name string) string {
	if f := named(name); f != nil && f.label != "" {
		return f.label
	}
	return strings.ReplaceAll(name, "_", " ")
}
