// Package filter is the filter language of products: AIP-160 over some of their fields. A filter is parsed and checked
// once. The result is translated to SQL for both databases, and evaluated in memory.
//
// Each type of condition implements both forms side by side. The package is below everything that selects products: it
// depends on the stored rows, and on no feature.
package filter

import (
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
)

// Filter matches products, deleted or not.
type Filter struct {
	root condition // nil if the filter is blank
}

// SQL returns the conditions of a query for the matching products: none if the filter is blank.
func (f *Filter) SQL() []predicate.Product {
	if f.root == nil {
		return nil
	}
	return []predicate.Product{f.root.where()}
}

// Match reports whether the filter matches a product, exactly as in SQL. The row only needs fields.Columns: texts are
// folded here.
func (f *Filter) Match(row *ent.Product) bool {
	return f.root == nil || f.root.match(row)
}

// condition is true or false for every product, and never null: no column of a filter is nullable.
type condition interface {
	// where is the condition in SQL.
	where() predicate.Product
	// match is the same condition in memory.
	match(row *ent.Product) bool
}

// both is true if all its conditions are.
type both []condition

func (b both) where() predicate.Product { return product.And(wheres(b)...) }

func (b both) match(row *ent.Product) bool {
	return !slices.ContainsFunc(b, func(c condition) bool { return !c.match(row) })
}

// either is true if any of its conditions is.
type either []condition

func (e either) where() predicate.Product { return product.Or(wheres(e)...) }

func (e either) match(row *ent.Product) bool {
	return slices.ContainsFunc(e, func(c condition) bool { return c.match(row) })
}

// not is true if its condition is false.
type not struct{ condition }

func (n not) where() predicate.Product    { return product.Not(n.condition.where()) }
func (n not) match(row *ent.Product) bool { return !n.condition.match(row) }

func wheres(conditions []condition) []predicate.Product {
	predicates := make([]predicate.Product, len(conditions))
	for i, c := range conditions {
		predicates[i] = c.where()
	}
	return predicates
}

// where converts an SQL condition into a predicate.
func where(p func(*sql.Selector) *sql.Predicate) predicate.Product {
	return func(s *sql.Selector) { s.Where(p(s)) }
}
