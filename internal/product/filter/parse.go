package filter

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// Limits of a filter. SQLite limits the depth of expressions to a thousand. A search reads a text or the tags of every
// product, which costs many times a comparison.
const (
	maxConditions = 100
	maxSearches   = 20
	maxNesting    = 20
)

// reader translates a parsed filter into conditions.
type reader struct {
	field  string
	filter string
	// more are the fields beyond those of products.
	more map[string]changeComparison
	// only names the fields of more in errors, if the filter has no others. Empty if it has those of products, too.
	only string
	// offsets are the positions of expressions in the filter, in bytes.
	offsets    map[int64]int32
	conditions int
	searches   int
}

// Parse parses an AIP-160 filter; a blank one matches every product. Returns FILTER_INVALID, with the field of the
// request and the position of the mistake in its value.
//
// The parser only provides the structure. This package resolves fields and values itself, because the parser's type
// checker converts prices to floating-point numbers.
func Parse(field, filter string) (*Filter, error) {
	root, err := parse(&reader{field: field}, filter)
	if err != nil {
		return nil, err
	}
	return &Filter{root: root}, nil
}

// parse returns nil for a blank filter.
func parse(r *reader, filter string) (node, error) {
	r.filter = strings.TrimSpace(filter) // as the parser does, for equal offsets
	if r.filter == "" {
		return nil, nil //nolint:nilnil // nothing is to hold
	}
	if err := r.checkTokens(); err != nil {
		return nil, err
	}
	var parser filtering.Parser
	parser.Init(r.filter)
	parsed, err := parser.Parse()
	if err != nil {
		return nil, r.syntaxError(err)
	}
	r.offsets = parsed.GetSourceInfo().GetPositions()
	return r.expression(parsed.GetExpr())
}

// checkTokens rejects filters that would make the parser recurse too deeply.
func (r *reader) checkTokens() error {
	var lexer filtering.Lexer
	lexer.Init(r.filter)
	depth := 0
	for {
		token, err := lexer.Lex()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return r.syntaxError(err)
		case token.Type == filtering.TokenTypeLeftParen:
			depth++
		case token.Type == filtering.TokenTypeRightParen:
			depth--
		}
		if depth > maxNesting {
			return r.invalidAt(token.Position.Offset, "must nest no deeper than %d parentheses", maxNesting)
		}
	}
}

// expression returns the node of a boolean expression.
func (r *reader) expression(e *expr.Expr) (node, error) {
	call := e.GetCallExpr()
	if call == nil {
		return nil, r.bareValue(e)
	}
	switch fn := call.GetFunction(); fn {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd, filtering.FunctionOr, filtering.FunctionNot:
		return r.logic(fn, call.GetArgs())
	case filtering.FunctionEquals, filtering.FunctionNotEquals, filtering.FunctionHas,
		filtering.FunctionLessThan, filtering.FunctionLessEquals,
		filtering.FunctionGreaterThan, filtering.FunctionGreaterEquals:
		return r.condition(fn, call.GetArgs()[0], call.GetArgs()[1])
	default:
		return nil, r.invalid(e, "%s is no condition", quoted(fn+"()"))
	}
}

// logic combines the nodes of args.
func (r *reader) logic(fn string, args []*expr.Expr) (node, error) {
	nodes := make([]node, len(args))
	for i, arg := range args {
		n, err := r.expression(arg)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	switch fn {
	case filtering.FunctionNot:
		return negation{nodes[0]}, nil
	case filtering.FunctionOr:
		return some(nodes), nil
	default: // a space between two conditions means AND, too
		return all(nodes), nil
	}
}

// condition returns the node of a comparison of a field with a value.
func (r *reader) condition(op string, field, value *expr.Expr) (node, error) {
	r.conditions++
	if r.conditions > maxConditions {
		return nil, r.invalid(field, "must have at most %d conditions", maxConditions)
	}
	name, isPath := path(field)
	if !isPath {
		return nil, r.invalid(field, "the left side must be a field: %s", r.help())
	}
	ofProduct, isOfProduct := comparisons[name]
	isOfProduct = isOfProduct && r.only == ""
	more, isMore := r.more[name]
	if !isOfProduct && !isMore {
		return nil, r.invalid(field, "there is no field %s: only %s", quoted(name), r.help())
	}
	v, err := r.operand(value)
	if err != nil {
		return nil, err
	}
	var (
		n       node
		problem string
	)
	if isMore {
		n, problem = more(op, v)
	} else {
		var c condition
		c, problem = ofProduct(op, v)
		n = onProduct{c}
		if s, ok := c.(searcher); ok && s.searches() {
			r.searches++
		}
	}
	if r.searches > maxSearches {
		return nil, r.invalid(field,
			"must have at most %d conditions that search in texts or tags, with : or *", maxSearches)
	}
	if problem != "" {
		return nil, r.invalid(value, "%s %s", name, problem)
	}
	return n, nil
}

// help lists the fields that the filter can use.
func (r *reader) help() string {
	switch {
	case r.only != "":
		return r.only
	case len(r.more) == 0:
		return help
	}
	return strings.Join(slices.Sorted(maps.Keys(r.more)), ", ") + ", " + help
}

// operand is the right side of a comparison.
type operand struct {
	text        string // the source text; of a string, without the quotes
	isTimestamp bool   // timestamp("…")
}

func (r *reader) operand(e *expr.Expr) (operand, error) {
	var v operand
	if call := e.GetCallExpr(); call != nil {
		if call.GetFunction() != filtering.FunctionTimestamp || len(call.GetArgs()) != 1 {
			return v, r.invalid(e, "the right side must be a value or timestamp(\"…\")")
		}
		v.isTimestamp = true
		e = call.GetArgs()[0]
	}
	switch kind := e.GetConstExpr().GetConstantKind().(type) {
	case *expr.Constant_StringValue:
		v.text = kind.StringValue
	case *expr.Constant_Int64Value, *expr.Constant_DoubleValue:
		v.text = r.number(e)
	default:
		word, isPath := path(e)
		if !isPath {
			return v, r.invalid(e, "the right side must be a value")
		}
		v.text = word
	}
	if !utf8.ValidString(v.text) || text.HasControl(v.text) {
		return v, r.invalid(e, "the value must not contain control characters")
	}
	return v, nil
}

// number returns the exact source text of a number.
func (r *reader) number(e *expr.Expr) string {
	rest := r.filter[r.offsets[e.GetId()]:]
	return rest[:len(rest)-len(strings.TrimLeft(rest, "-0123456789.xabcdefABCDEF"))]
}

// path returns the path of an expression such as brand or price.amount.
func path(e *expr.Expr) (string, bool) {
	switch kind := e.GetExprKind().(type) {
	case *expr.Expr_IdentExpr:
		return kind.IdentExpr.GetName(), true
	case *expr.Expr_SelectExpr:
		operand, ok := path(kind.SelectExpr.GetOperand())
		return operand + "." + kind.SelectExpr.GetField(), ok
	default:
		return "", false
	}
}

func (r *reader) bareValue(e *expr.Expr) error {
	switch word, _ := path(e); strings.ToUpper(word) {
	case "AND", "OR", "NOT":
		return r.invalid(e, "write %s in capitals", word)
	default:
		return r.invalid(e, `a value alone is no condition: write field = value, or use query`)
	}
}

func (r *reader) invalid(e *expr.Expr, format string, args ...any) error {
	return r.invalidAt(r.offsets[e.GetId()], format, args...)
}

// invalidAt returns the fault for a mistake at an offset in bytes. Its message counts characters from 1.
func (r *reader) invalidAt(offset int32, format string, args ...any) error {
	character := utf8.RuneCountInString(r.filter[:offset]) + 1
	return fault.ReasonedFields(fault.FilterInvalid, fault.Violation{
		Field:       r.field,
		Description: fmt.Sprintf("at character %d: ", character) + fmt.Sprintf(format, args...),
	})
}

// syntaxError returns the fault for the parser's innermost error.
func (r *reader) syntaxError(err error) error {
	var place interface {
		error
		Position() filtering.Position
		Message() string
	}
	message, offset := "cannot be read", int32(0)
	for inner := err; errors.As(inner, &place); inner = errors.Unwrap(place) {
		message, offset = place.Message(), place.Position().Offset
	}
	if errors.Is(err, io.EOF) {
		message = "ends too early"
	}
	return r.invalidAt(offset, "%s", message)
}

func quoted(s string) string {
	return fmt.Sprintf("%q", text.First(s, fields.MaxKey))
}
