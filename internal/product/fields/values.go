package fields

import (
	"encoding/json"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

// output is a field that the server sets.
type output struct {
	of      []columnOf
	message func(*ent.Product, *catalogv1.Product)
	// row is the inverse of message.
	row func(*catalogv1.Product, *ent.Product) error
	// unchanged compares the field, if the history shows it.
	unchanged func(a, b *ent.Product) bool
}

func (o *output) columns() []columnOf                           { return o.of }
func (o *output) show(from *ent.Product, to *catalogv1.Product) { o.message(from, to) }
func (o *output) fill(from *catalogv1.Product, to *ent.Product) error {
	return o.row(from, to)
}

func (o *output) same(a, b *ent.Product) bool { return o.unchanged == nil || o.unchanged(a, b) }

// simple is a field with one column, whose values have the same type in rows and in messages.
type simple[T any] struct {
	column column[T]
	// appended returns the values that a mutation appends, if it can append.
	appended func(*ent.ProductMutation) (T, bool)
	message  func(*catalogv1.Product) *T
	kind     kind[T]
}

func (s *simple[T]) columns() []columnOf { return []columnOf{s.column} }
func (s *simple[T]) derived() []columnOf { return nil }
func (s *simple[T]) parts() []string     { return nil }

func (s *simple[T]) show(from *ent.Product, to *catalogv1.Product) {
	*s.message(to) = *s.column.at(from)
}

func (s *simple[T]) fill(from *catalogv1.Product, to *ent.Product) error {
	*s.column.at(to) = *s.message(from)
	return nil
}

func (s *simple[T]) same(a, b *ent.Product) bool {
	return s.kind.same(*s.column.at(a), *s.column.at(b))
}

func (s *simple[T]) equal(a, b *catalogv1.Product) bool {
	return s.kind.same(*s.message(a), *s.message(b))
}

func (s *simple[T]) read(ps *fault.Problems, path string, _ Mask, from *catalogv1.Product, to *ent.Product) {
	*s.column.at(to) = s.kind.check(ps, path, *s.message(from))
}

func (s *simple[T]) merge(_ *fault.Problems, _ string, from *Patch, next *ent.Product) {
	*s.column.at(next) = *s.column.at(&from.row)
}

func (s *simple[T]) write(m *ent.ProductMutation, from *ent.Product) {
	s.column.set(m, *s.column.at(from))
}

func (s *simple[T]) added(m *ent.ProductMutation) bool {
	if s.appended == nil { // not a list: it can be a number
		return addsTo(m, s.column.name)
	}
	var none T
	more, _ := s.appended(m)
	return !s.kind.same(more, none)
}

func (s *simple[T]) stored(from *ent.Product) any {
	return s.kind.stored(*s.column.at(from))
}

func (s *simple[T]) restore(raw json.RawMessage, to *ent.Product) error {
	var v T
	if err := s.kind.restore(raw, &v); err != nil {
		return err
	}
	*s.column.at(to) = v
	return nil
}

func (s *simple[T]) readable(stored any) string { return s.kind.readable(stored) }

func (s *simple[T]) text(from *ent.Product) []string { return s.kind.text(*s.column.at(from)) }

func (s *simple[T]) cells(f *Field) []Cell {
	return []Cell{{
		Header:   f.Name,
		Path:     f.Name,
		Required: f.required(),
		read: func(cell string, to *catalogv1.Product) error {
			v, err := s.kind.parse(cell)
			*s.message(to) = v
			return err
		},
		format: func(from *catalogv1.Product) (string, error) { return s.kind.format(*s.message(from)) },
	}}
}

// keyed is a text with an order key: its folded form is another column.
type keyed struct {
	simple[string]

	key column[[]byte]
}

func (k *keyed) derived() []columnOf { return []columnOf{k.key} }

func (k *keyed) write(m *ent.ProductMutation, from *ent.Product) {
	k.simple.write(m, from)
	k.key.set(m, OrderKey(*k.column.at(from)))
}

// addsTo reports whether a mutation adds a non-zero value to a number.
func addsTo(m *ent.ProductMutation, column string) bool {
	switch by, _ := m.AddedField(column); by := by.(type) {
	case int64:
		return by != 0
	case int8:
		return by != 0
	default:
		return false
	}
}
