// Package filter is the filter language of products: AIP-160 over some of their fields. A filter is parsed and checked
// once. The result is translated to SQL for both databases, and evaluated in memory. Filters of changes have two more
// fields and are evaluated in memory only. Filters of security events share the language, and are translated only.
//
// Each type of condition implements both forms side by side. The package is below everything that selects products: it
// depends on the stored rows, and on no feature.
package filter

import (
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
)

// Filter matches products, deleted or not.
type Filter struct {
	root node // nil if the filter is blank
}

// SQL returns the conditions of a query for the matching products: none if the filter is blank.
func (f *Filter) SQL() []predicate.Product {
	if f.root == nil {
		return nil
	}
	return []predicate.Product{inSQL(f.root)}
}

// Match reports whether the filter matches a product, exactly as in SQL. The row only needs fields.Columns: texts are
// folded here.
func (f *Filter) Match(row *ent.Product) bool {
	return f.root == nil || f.root.holds(subject{product: row}, true)
}

// subject is what a filter is evaluated for.
type subject struct {
	product *ent.Product // nil if it is unknown
	change  Change
}

// node is a part of a filter: all, some, negation, onProduct, onChange or onEvent.
type node interface {
	// holds reports whether the node has the wanted value, or can have it as far as the subject is known.
	holds(s subject, want bool) bool
}

// all is true if all its nodes are.
type all []node

func (a all) holds(s subject, want bool) bool {
	if !want {
		return slices.ContainsFunc(a, func(n node) bool { return n.holds(s, false) })
	}
	return !slices.ContainsFunc(a, func(n node) bool { return !n.holds(s, true) })
}

// some is true if any of its nodes is.
type some []node

func (o some) holds(s subject, want bool) bool {
	if want {
		return slices.ContainsFunc(o, func(n node) bool { return n.holds(s, true) })
	}
	return !slices.ContainsFunc(o, func(n node) bool { return !n.holds(s, false) })
}

// negation is true if its node is false.
type negation struct{ node }

func (n negation) holds(s subject, want bool) bool { return n.node.holds(s, !want) }

// onProduct is a condition on the product.
type onProduct struct{ condition }

func (p onProduct) holds(s subject, want bool) bool {
	return s.product == nil || p.match(s.product) == want
}

// condition is true or false for every product, and never null: no column of a filter is nullable.
type condition interface {
	// where is the condition in SQL.
	where() predicate.Product
	// match is the same condition in memory.
	match(row *ent.Product) bool
}

// searcher is a condition that can be a search: one that no index answers, and that reads all of a text or list.
type searcher interface {
	searches() bool
}

// not is true if its condition is false.
type not struct{ condition }

func (n not) where() predicate.Product    { return product.Not(n.condition.where()) }
func (n not) match(row *ent.Product) bool { return !n.condition.match(row) }

// inSQL translates a node that has no onChange.
func inSQL(n node) predicate.Product {
	return translate(n, func(leaf node) predicate.Product {
		if n, ok := leaf.(onProduct); ok {
			return n.where()
		}
		panic(fmt.Sprintf("filter: %T in a query of products", leaf)) // Parse makes none
	})
}

// translate translates a node whose conditions leaf translates.
func translate[P ~func(*sql.Selector)](n node, leaf func(node) P) P {
	switch n := n.(type) {
	case all:
		return sql.AndPredicates(translateEach(n, leaf)...)
	case some:
		return sql.OrPredicates(translateEach(n, leaf)...)
	case negation:
		return sql.NotPredicates(translate(n.node, leaf))
	default:
		return leaf(n)
	}
}

func translateEach[P ~func(*sql.Selector)](nodes []node, leaf func(node) P) []P {
	predicates := make([]P, len(nodes))
	for i, n := range nodes {
		predicates[i] = translate(n, leaf)
	}
	return predicates
}

// where converts an SQL condition into a predicate.
func where(p func(*sql.Selector) *sql.Predicate) predicate.Product {
	return func(s *sql.Selector) { s.Where(p(s)) }
}
