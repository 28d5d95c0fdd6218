package filter

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// comparison returns the condition of a comparison of one field with a value, or a description of the problem.
type comparison func(op string, v operand) (c condition, problem string)

// help lists the fields that a filter can use.
const help = "sku, name, brand, price, currency, tags, create_time and update_time"

var comparisons = map[string]comparison{
	"sku":                 skuText.compare,
	"name":                nameText.compare,
	"brand":               brandText.compare,
	"price":               comparePrice,
	"price.amount":        comparePrice,
	"currency":            compareCurrency,
	"price.currency_code": compareCurrency,
	"price.currencyCode":  compareCurrency,
	"tags":                compareTags,
	"create_time":         createTime.compare,
	"createTime":          createTime.compare,
	"update_time":         updateTime.compare,
	"updateTime":          updateTime.compare,
}

// ordering is a comparison operator: in SQL, and in memory by the sign of a three-way comparison.
type ordering struct {
	where func(column string, value any) func(*sql.Selector)
	match func(sign int) bool
}

var orderings = map[string]ordering{
	filtering.FunctionEquals:        {sql.FieldEQ, func(sign int) bool { return sign == 0 }},
	filtering.FunctionNotEquals:     {sql.FieldNEQ, func(sign int) bool { return sign != 0 }},
	filtering.FunctionLessThan:      {sql.FieldLT, func(sign int) bool { return sign < 0 }},
	filtering.FunctionLessEquals:    {sql.FieldLTE, func(sign int) bool { return sign <= 0 }},
	filtering.FunctionGreaterThan:   {sql.FieldGT, func(sign int) bool { return sign > 0 }},
	filtering.FunctionGreaterEquals: {sql.FieldGTE, func(sign int) bool { return sign >= 0 }},
}

// textField is a text with a folded form. = and != are exact, and a * at the beginning or end of the value is a
// wildcard; <, <=, > and >= use the order of order_by; : searches for a substring. The last two ignore case and
// accents.
type textField struct {
	column, keyColumn string
	of                func(*ent.Product) string
}

var (
	skuText   = textField{product.FieldSku, product.FieldSkuKey, func(row *ent.Product) string { return row.Sku }}
	nameText  = textField{product.FieldName, product.FieldNameKey, func(row *ent.Product) string { return row.Name }}
	brandText = textField{product.FieldBrand, product.FieldBrandKey, func(row *ent.Product) string { return row.Brand }}
)

func (f textField) compare(op string, v operand) (condition, string) {
	if v.isTimestamp {
		return nil, "must be compared with a text"
	}
	value := text.Clean(v.text)
	switch op {
	case filtering.FunctionEquals:
		return newLikeness(f, value), ""
	case filtering.FunctionNotEquals:
		return not{newLikeness(f, value)}, ""
	case filtering.FunctionHas:
		return mention{f, fields.OrderKey(strings.TrimSuffix(value, "*"))}, ""
	default:
		return textOrder{f, orderings[op], fields.OrderKey(value)}, ""
	}
}

// pattern is a text that can begin or end with *, which stands for any text.
type pattern struct {
	text               string
	openStart, openEnd bool
}

func newPattern(s string) pattern {
	rest, openStart := strings.CutPrefix(s, "*")
	rest, openEnd := strings.CutSuffix(rest, "*")
	return pattern{rest, openStart, openEnd}
}

// match reports whether a value is exactly like the pattern.
func (p pattern) match(value string) bool {
	switch {
	case p.openStart && p.openEnd:
		return strings.Contains(value, p.text)
	case p.openStart:
		return strings.HasSuffix(value, p.text)
	case p.openEnd:
		return strings.HasPrefix(value, p.text)
	default:
		return value == p.text
	}
}

// likeness is exact equality with a pattern.
type likeness struct {
	pattern

	field textField
}

func newLikeness(f textField, s string) likeness { return likeness{newPattern(s), f} }

func (l likeness) where() predicate.Product {
	length := utf8.RuneCountInString(l.text)
	switch {
	case l.openStart && l.openEnd:
		return where(func(s *sql.Selector) *sql.Predicate { return positive(s, l.field.column, l.text) })
	case l.openStart:
		return where(func(s *sql.Selector) *sql.Predicate {
			name := s.C(l.field.column)
			return sql.P(func(b *sql.Builder) {
				b.WriteString("substr(" + name + ", length(" + name + ") + 1 - ").Arg(length).
					WriteString(") = ").Arg(l.text)
			})
		})
	case l.openEnd:
		return where(func(s *sql.Selector) *sql.Predicate {
			return sql.P(func(b *sql.Builder) {
				b.WriteString("substr(" + s.C(l.field.column) + ", 1, ").Arg(length).WriteString(") = ").Arg(l.text)
			})
		})
	default:
		return predicate.Product(sql.FieldEQ(l.field.column, l.text))
	}
}

func (l likeness) searches() bool { return l.openStart || l.openEnd }

func (l likeness) match(row *ent.Product) bool { return l.pattern.match(l.field.of(row)) }

// mention searches for a folded substring of a folded text.
type mention struct {
	field textField
	part  []byte
}

func (m mention) where() predicate.Product {
	return where(func(s *sql.Selector) *sql.Predicate { return positive(s, m.field.keyColumn, m.part) })
}

func (mention) searches() bool { return true }

func (m mention) match(row *ent.Product) bool {
	return bytes.Contains(fields.OrderKey(m.field.of(row)), m.part)
}

// BrandHas is the condition brand:part without a filter; part has no wildcard.
func BrandHas(part string) predicate.Product {
	return mention{brandText, fields.OrderKey(part)}.where()
}

// positive is the condition that a column contains a substring.
func positive(s *sql.Selector, column string, part any) *sql.Predicate {
	find := "instr("
	if s.Dialect() == dialect.Postgres {
		find = "strpos("
		if _, isBytes := part.([]byte); isBytes {
			return sql.P(func(b *sql.Builder) {
				b.WriteString("position(CAST(").Arg(part).WriteString(" AS bytea) IN " + s.C(column) + ") > 0")
			})
		}
	}
	return sql.P(func(b *sql.Builder) {
		b.WriteString(find + s.C(column) + ", ").Arg(part).WriteString(") > 0")
	})
}

// textOrder compares a folded text with another.
type textOrder struct {
	field textField
	op    ordering
	key   []byte
}

func (o textOrder) where() predicate.Product {
	return predicate.Product(o.op.where(o.field.keyColumn, o.key))
}

func (o textOrder) match(row *ent.Product) bool {
	return o.op.match(bytes.Compare(fields.OrderKey(o.field.of(row)), o.key))
}

// compareCurrency compares codes.
func compareCurrency(op string, v operand) (condition, string) {
	if v.isTimestamp {
		return nil, `must be compared with a code, such as "MXN"`
	}
	if op == filtering.FunctionHas {
		op = filtering.FunctionEquals
	}
	return currencyOrder{op, v.text}, ""
}

// currencyOrder compares codes with a byte-wise collation, independent of the database's default.
type currencyOrder struct{ op, code string }

func (o currencyOrder) where() predicate.Product {
	return where(func(s *sql.Selector) *sql.Predicate {
		return sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(product.FieldCurrency))
			if s.Dialect() == dialect.Postgres {
				b.WriteString(` COLLATE "C"`)
			}
			b.WriteString(" " + o.op + " ").Arg(o.code) // op is a comparator, and all of them are SQL
		})
	})
}

func (o currencyOrder) match(row *ent.Product) bool {
	return orderings[o.op].match(strings.Compare(row.Currency, o.code))
}

// timeField is a time; values are in RFC 3339 format.
type timeField struct {
	column string
	of     func(*ent.Product) time.Time
}

var (
	createTime = timeField{product.FieldCreateTime, func(row *ent.Product) time.Time { return row.CreateTime }}
	updateTime = timeField{product.FieldUpdateTime, func(row *ent.Product) time.Time { return row.UpdateTime }}
)

func (f timeField) compare(op string, v operand) (condition, string) {
	t, problem := timeOf(op, v)
	if problem != "" {
		return nil, problem
	}
	return timeOrder{f, orderings[op], t}, ""
}

// timeOf returns the time to compare with.
func timeOf(op string, v operand) (t time.Time, problem string) {
	if op == filtering.FunctionHas {
		return t, "cannot be compared with :"
	}
	t, err := time.Parse(time.RFC3339Nano, v.text)
	if err != nil {
		return t, `must be compared with a time, such as "2026-01-31T00:00:00Z"`
	}
	t = t.UTC()
	if !fields.IsStorable(t) {
		return t, "must be compared with a time in the years 1 to 9999"
	}
	if t.Truncate(time.Microsecond) != t {
		return t, "must be compared with a time in whole microseconds"
	}
	return t, ""
}

type timeOrder struct {
	field timeField
	op    ordering
	at    time.Time
}

func (o timeOrder) where() predicate.Product {
	return predicate.Product(o.op.where(o.field.column, o.at))
}

func (o timeOrder) match(row *ent.Product) bool {
	return o.op.match(o.field.of(row).Compare(o.at))
}
