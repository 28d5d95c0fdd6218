package product

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// term is one expression of an ORDER BY. Its values are never null.
type term struct {
	desc bool
	// write writes the expression for a row of the selector.
	write func(*sql.Selector, *sql.Builder)
	// value returns the expression's value for a product, as stored in a page token.
	value func(*ent.Product) any
	// parse converts a value of a page token into an SQL argument. Tokens can be forged, so it must reject everything
	// that a database would.
	parse func(json.RawMessage) (any, error)
}

// order is the order of a list. Its last term is the id, which makes it total.
type order []term

// orderFields returns the terms of a field that order_by can name.
func orderFields(name string) (order, bool) {
	switch name {
	case "name":
		return order{keyTerm(product.FieldNameKey, func(p *ent.Product) []byte { return p.NameKey })}, true
	case "sku":
		return order{keyTerm(product.FieldSkuKey, func(p *ent.Product) []byte { return p.SkuKey })}, true
	case "brand":
		return order{keyTerm(product.FieldBrandKey, func(p *ent.Product) []byte { return p.BrandKey })}, true
	case "price":
		return order{currencyTerm(), minorTerm()}, true
	case "create_time", "createTime":
		return order{timeTerm(product.FieldCreateTime, func(p *ent.Product) time.Time { return p.CreateTime })}, true
	case "update_time", "updateTime":
		return order{timeTerm(product.FieldUpdateTime, func(p *ent.Product) time.Time { return p.UpdateTime })}, true
	default:
		return nil, false
	}
}

const orderHelp = "name, sku, brand, price, create_time and update_time"

// parseOrder parses order_by. It adds the id in the direction of the last field, so that an index can serve both.
// Returns ORDER_BY_INVALID if it is not a list of distinct, known fields.
func parseOrder(orderBy string) (order, error) {
	var terms order
	var seen []string
	for part := range strings.SplitSeq(orderBy, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 {
			return nil, orderInvalid(`must be fields separated by commas, such as "price desc, name"`)
		}
		fieldTerms, known := orderFields(words[0])
		if !known {
			return nil, orderInvalid("cannot order by %s: only by %s",
				strconv.Quote(text.First(words[0], fields.MaxKey)), orderHelp)
		}
		if slices.Contains(seen, words[0]) {
			return nil, orderInvalid("names %s twice", words[0])
		}
		seen = append(seen, words[0])
		desc := len(words) == 2 && words[1] == "desc"
		if len(words) == 2 && !desc && words[1] != "asc" {
			return nil, orderInvalid("must have asc or desc behind %s, if anything", words[0])
		}
		for _, t := range fieldTerms {
			t.desc = desc
			terms = append(terms, t)
		}
	}
	return terms.byID(), nil
}

func (o order) byID() order {
	id := idTerm()
	id.desc = o[len(o)-1].desc
	return append(o, id)
}

func orderInvalid(format string, args ...any) error {
	return fault.ReasonedFields(fault.OrderByInvalid, fault.Violation{
		Field: "order_by", Description: fmt.Sprintf(format, args...),
	})
}

// sort orders the selector.
func (o order) sort(s *sql.Selector) {
	for _, t := range o {
		s.OrderExpr(sql.ExprFunc(func(b *sql.Builder) {
			t.write(s, b)
			if t.desc {
				b.WriteString(" DESC")
			}
		}))
	}
}

// position returns the position of a product in the list, for a page token.
func (o order) position(p *ent.Product) []any {
	values := make([]any, len(o))
	for i, t := range o {
		values[i] = t.value(p)
	}
	return values
}

var errPosition = errors.New("the position does not belong to the order")

// after returns the condition for the products after a position from a page token.
func (o order) after(position []json.RawMessage) (func(*sql.Selector), error) {
	if len(position) != len(o) {
		return nil, errPosition
	}
	args := make([]any, len(o))
	for i, t := range o {
		var err error
		if args[i], err = t.parse(position[i]); err != nil {
			return nil, errors.Join(errPosition, err)
		}
	}
	return func(s *sql.Selector) {
		if o.isUniform() {
			s.Where(sql.P(func(b *sql.Builder) { o.writeRowAfter(s, b, args) }))
			return
		}
		s.Where(sql.P(func(b *sql.Builder) { o.writeChainAfter(s, b, args) }))
	}, nil
}

func (o order) isUniform() bool {
	return !slices.ContainsFunc(o, func(t term) bool { return t.desc != o[0].desc })
}

// writeRowAfter writes (a, b, id) > (1, 2, 3), which an index on the three columns can serve.
func (o order) writeRowAfter(s *sql.Selector, b *sql.Builder, args []any) {
	b.Wrap(func(b *sql.Builder) {
		for i, t := range o {
			if i > 0 {
				b.Comma()
			}
			t.write(s, b)
		}
	})
	b.WriteString(o[0].comparison())
	b.Wrap(func(b *sql.Builder) { b.Args(args...) })
}

// writeChainAfter writes (a > 1 OR (a = 1 AND (b < 2 OR (b = 2 AND id < 3)))).
func (o order) writeChainAfter(s *sql.Selector, b *sql.Builder, args []any) {
	b.Wrap(func(b *sql.Builder) {
		o[0].write(s, b)
		b.WriteString(o[0].comparison())
		b.Arg(args[0])
		if len(o) == 1 {
			return
		}
		b.WriteString(" OR (")
		o[0].write(s, b)
		b.WriteString(" = ")
		b.Arg(args[0])
		b.WriteString(" AND ")
		o[1:].writeChainAfter(s, b, args[1:])
		b.WriteString(")")
	})
}

func (t term) comparison() string {
	if t.desc {
		return " < "
	}
	return " > "
}

func column(name string) func(*sql.Selector, *sql.Builder) {
	return func(s *sql.Selector, b *sql.Builder) { b.WriteString(s.C(name)) }
}

func keyTerm(name string, value func(*ent.Product) []byte) term {
	return term{
		write: column(name),
		value: func(p *ent.Product) any { return value(p) },
		parse: parseAs(func(key []byte) (any, error) { return append([]byte{}, key...), nil }),
	}
}

func currencyTerm() term {
	return term{
		write: column(product.FieldCurrency),
		value: func(p *ent.Product) any { return p.Currency },
		parse: parseAs(func(code string) (any, error) {
			if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				return nil, errPosition
			}
			return code, nil
		}),
	}
}

func minorTerm() term {
	return term{
		write: column(product.FieldPriceMinor),
		value: func(p *ent.Product) any { return p.PriceMinor },
		parse: parseAs(func(minor int64) (any, error) { return minor, nil }),
	}
}

func timeTerm(name string, value func(*ent.Product) time.Time) term {
	return term{
		write: column(name),
		value: func(p *ent.Product) any { return value(p).UnixMicro() },
		parse: parseAs(func(micros int64) (any, error) {
			t := time.UnixMicro(micros).UTC()
			if !fields.IsStorable(t) {
				return nil, errPosition
			}
			return t, nil
		}),
	}
}

func idTerm() term {
	return term{
		write: column(product.FieldID),
		value: func(p *ent.Product) any { return p.ID },
		parse: parseAs(func(id uuid.UUID) (any, error) { return id, nil }),
	}
}

// parseAs returns a parse function for values of type T.
func parseAs[T any](check func(T) (any, error)) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var v T
		if err := pagination.DecodePosition(raw, &v); err != nil {
			return nil, err //nolint:wrapcheck // it says what is wrong
		}
		return check(v)
	}
}
