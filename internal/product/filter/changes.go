package filter

import (
	"bytes"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// Change is what a filter of changes can ask about a change beside the product.
type Change struct {
	ActorID   uuid.UUID
	ActorName string
	Operation change.Operation
}

// Changes matches changes of products.
type Changes struct {
	root node // nil if the filter is blank
}

// ParseChanges is Parse for a filter of changes, which can also name actor and operation.
func ParseChanges(field, filter string) (*Changes, error) {
	root, err := parse(&reader{field: field, more: changeComparisons}, filter)
	if err != nil {
		return nil, err
	}
	return &Changes{root: root}, nil
}

// IsBlank reports whether the filter matches every change.
func (f *Changes) IsBlank() bool { return f.root == nil }

// Match reports whether the filter matches a change with the product as it was before it or as it was after it. before
// is nil for a new product. If after is nil, the product is unknown: then the filter matches unless its other
// conditions exclude the change, whatever the product was.
func (f *Changes) Match(c Change, before, after *ent.Product) bool {
	return f.root == nil || f.root.holds(subject{after, c}, true) ||
		before != nil && f.root.holds(subject{before, c}, true)
}

// changeComparison is a comparison of a field of a change with a value.
type changeComparison func(op string, v operand) (n node, problem string)

var changeComparisons = map[string]changeComparison{"actor": compareActor, "operation": compareOperation}

// onChange is a condition on the change itself.
type onChange func(c Change) bool

func (o onChange) holds(s subject, want bool) bool { return o(s.change) == want }

// compareActor compares the id or the name of the administrator. Names are compared as texts of a product are.
func compareActor(op string, v operand) (node, string) {
	if v.isTimestamp {
		return nil, "must be compared with the id or the name of an administrator"
	}
	value := text.Clean(v.text)
	switch op {
	case filtering.FunctionEquals, filtering.FunctionNotEquals:
		id, err := uuid.Parse(value)
		name := newPattern(value)
		return onChange(func(c Change) bool {
			is := err == nil && c.ActorID == id || name.match(c.ActorName)
			return is == (op == filtering.FunctionEquals)
		}), ""
	case filtering.FunctionHas:
		part := fields.OrderKey(strings.TrimSuffix(value, "*"))
		return onChange(func(c Change) bool { return bytes.Contains(fields.OrderKey(c.ActorName), part) }), ""
	default:
		return nil, "can only be compared with =, != and :"
	}
}

// operationPrefix is that of the operations in the contract's enum.
const operationPrefix = "OPERATION_"

// compareOperation compares names of operations, such as UPDATED or OPERATION_UPDATED.
func compareOperation(op string, v operand) (node, string) {
	names := change.Operation("").Values()
	for i, name := range names {
		names[i] = strings.ToUpper(name)
	}
	name := strings.TrimPrefix(v.text, operationPrefix)
	if v.isTimestamp || !slices.Contains(names, name) {
		return nil, "must be compared with one of " + strings.Join(names, ", ")
	}
	switch op {
	case filtering.FunctionEquals, filtering.FunctionHas, filtering.FunctionNotEquals:
		return onChange(func(c Change) bool {
			is := strings.EqualFold(string(c.Operation), name)
			return is == (op != filtering.FunctionNotEquals)
		}), ""
	default:
		return nil, "can only be compared with = and !="
	}
}
