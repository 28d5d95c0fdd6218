package fields

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/zebrands/catalog/ent"
)

// columnOf is a column of products, independent of its type.
type columnOf interface {
	named() string
	// load sets the column of a row to a value of a mutation; nil clears it. Returns false if the value has another
	// type.
	load(row *ent.Product, v any) bool
}

// column is a column with values of type T.
type column[T any] struct {
	name string
	at   func(*ent.Product) *T
	set  func(*ent.ProductMutation, T) // nil if the table does not write the column
	// pointer converts a mutation's value to the pointer of a nullable column.
	pointer func(v any) any
}

func col[T any](name string, at func(*ent.Product) *T, set func(*ent.ProductMutation, T)) column[T] {
	return column[T]{name: name, at: at, set: set}
}

// nullable returns a nullable column.
func nullable[T any](
	name string, at func(*ent.Product) **T, set func(*ent.ProductMutation, T), clearIt func(*ent.ProductMutation),
) column[*T] {
	return column[*T]{
		name: name,
		at:   at,
		set: func(m *ent.ProductMutation, v *T) {
			if v == nil {
				clearIt(m)
				return
			}
			set(m, *v)
		},
		pointer: func(v any) any {
			if t, ok := v.(T); ok {
				return &t
			}
			return v
		},
	}
}

func (c column[T]) named() string { return c.name }

func (c column[T]) load(row *ent.Product, v any) bool {
	if c.pointer != nil {
		v = c.pointer(v)
	}
	t, ok := v.(T)
	*c.at(row) = t
	return ok || v == nil
}

// Load returns a row with the column values that OldField of a mutation returns.
func Load(value func(column string) (ent.Value, error)) (*ent.Product, error) {
	row := &ent.Product{}
	for name := range byColumn {
		if name == idColumn.name { // is immutable and has no old value
			continue
		}
		v, err := value(name)
		if err != nil {
			return nil, err
		}
		if err := load(row, name, v); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func load(row *ent.Product, name string, v any) error {
	c, ok := byColumn[name]
	if !ok {
		return fmt.Errorf("fields: column %q of products is not in the table", name)
	}
	if !c.load(row, v) {
		return fmt.Errorf("fields: column %q of products cannot hold %T", name, v)
	}
	return nil
}

// Difference classifies the effect of a mutation on a product.
type Difference int

const (
	// Nothing means no visible difference.
	Nothing Difference = iota
	// Derived means a difference only in derived columns.
	Derived
	// History means a difference that the history records.
	History
)

// Changes classifies the effect of a mutation on a row. A mutation that adds to a value counts as a change of it.
// Deleting a deleted product changes nothing, whatever the time. Returns an error if the mutation sets a column that
// is not in the table.
func Changes(m *ent.ProductMutation, now *ent.Product) (Difference, error) {
	next := *now
	for _, name := range m.Fields() {
		v, _ := m.Field(name)
		if err := load(&next, name, v); err != nil {
			return Nothing, err
		}
	}
	for _, name := range m.ClearedFields() {
		if err := load(&next, name, nil); err != nil {
			return Nothing, err
		}
	}
	switch {
	case slices.ContainsFunc(writable, func(f *Field) bool { return f.value.added(m) || !f.same(now, &next) }),
		!deleteTime.same(now, &next):
		return History, nil
	case !sameDerived(now, &next):
		return Derived, nil
	default:
		return Nothing, nil
	}
}

// sameDerived reports whether two rows have the same derived columns.
func sameDerived(a, b *ent.Product) bool {
	if a.SearchText != b.SearchText {
		return false
	}
	return !slices.ContainsFunc(writable, func(f *Field) bool {
		k, isKeyed := f.value.(*keyed)
		return isKeyed && !bytes.Equal(*k.key.at(a), *k.key.at(b))
	})
}
