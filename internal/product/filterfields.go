package product

import (
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// comparison returns the predicate of a comparison of one field with a value, or a description of the problem.
type comparison func(op string, v operand) (p predicate.Product, problem string)

// filterHelp lists the fields that a filter can use.
const filterHelp = "sku, name, brand, price, currency, tags, create_time and update_time"

var filterFields = map[string]comparison{
	"sku":                 textComparison(product.FieldSku, product.FieldSkuKey),
	"name":                textComparison(product.FieldName, product.FieldNameKey),
	"brand":               textComparison(product.FieldBrand, product.FieldBrandKey),
	"price":               comparePrice,
	"price.amount":        comparePrice,
	"currency":            compareCurrency,
	"price.currency_code": compareCurrency,
	"price.currencyCode":  compareCurrency,
	"tags":                compareTags,
	"create_time":         timeComparison(product.FieldCreateTime),
	"createTime":          timeComparison(product.FieldCreateTime),
	"update_time":         timeComparison(product.FieldUpdateTime),
	"updateTime":          timeComparison(product.FieldUpdateTime),
}

// textComparison compares texts. = and != are exact, and a * at the beginning or end of the value is a wildcard; <,
// <=, > and >= use the order of order_by; : searches for a substring. The last two ignore case and accents.
func textComparison(column, keyColumn string) comparison {
	return func(op string, v operand) (predicate.Product, string) {
		if v.isTimestamp {
			return nil, "must be compared with a text"
		}
		value := text.Clean(v.text)
		switch op {
		case filtering.FunctionEquals:
			return likeness(column, value), ""
		case filtering.FunctionNotEquals:
			return product.Not(likeness(column, value)), ""
		case filtering.FunctionHas:
			return contains(keyColumn, strings.TrimSuffix(value, "*")), ""
		default:
			return compare(op, keyColumn, fields.OrderKey(value)), ""
		}
	}
}

// likeness is exact equality with a pattern that can begin or end with *.
func likeness(column, pattern string) predicate.Product {
	rest, anyStart := strings.CutPrefix(pattern, "*")
	rest, anyEnd := strings.CutSuffix(rest, "*")
	length := utf8.RuneCountInString(rest)
	switch {
	case anyStart && anyEnd:
		return where(func(s *sql.Selector) *sql.Predicate { return positive(s, column, rest) })
	case anyStart:
		return where(func(s *sql.Selector) *sql.Predicate {
			name := s.C(column)
			return sql.P(func(b *sql.Builder) {
				b.WriteString("substr(" + name + ", length(" + name + ") + 1 - ").Arg(length).
					WriteString(") = ").Arg(rest)
			})
		})
	case anyEnd:
		return where(func(s *sql.Selector) *sql.Predicate {
			return sql.P(func(b *sql.Builder) {
				b.WriteString("substr(" + s.C(column) + ", 1, ").Arg(length).WriteString(") = ").Arg(rest)
			})
		})
	default:
		return predicate.Product(sql.FieldEQ(column, pattern))
	}
}

// contains searches for the folded value as a substring of a folded text.
func contains(keyColumn, value string) predicate.Product {
	return where(func(s *sql.Selector) *sql.Predicate { return positive(s, keyColumn, fields.OrderKey(value)) })
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

// compare compares a column with a value by any operator except ":".
func compare(op, column string, value any) predicate.Product {
	switch op {
	case filtering.FunctionEquals:
		return predicate.Product(sql.FieldEQ(column, value))
	case filtering.FunctionNotEquals:
		return predicate.Product(sql.FieldNEQ(column, value))
	case filtering.FunctionLessThan:
		return predicate.Product(sql.FieldLT(column, value))
	case filtering.FunctionLessEquals:
		return predicate.Product(sql.FieldLTE(column, value))
	case filtering.FunctionGreaterThan:
		return predicate.Product(sql.FieldGT(column, value))
	default:
		return predicate.Product(sql.FieldGTE(column, value))
	}
}

// compareCurrency compares codes with a byte-wise collation, independent of the database's default.
func compareCurrency(op string, v operand) (predicate.Product, string) {
	if v.isTimestamp {
		return nil, `must be compared with a code, such as "MXN"`
	}
	if op == filtering.FunctionHas {
		op = filtering.FunctionEquals
	}
	return where(func(s *sql.Selector) *sql.Predicate {
		return sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(product.FieldCurrency))
			if s.Dialect() == dialect.Postgres {
				b.WriteString(` COLLATE "C"`)
			}
			b.WriteString(" " + op + " ").Arg(v.text) // op is a comparator, and all of them are SQL
		})
	}), ""
}

// timeComparison compares times in RFC 3339 format.
func timeComparison(column string) comparison {
	return func(op string, v operand) (predicate.Product, string) {
		if op == filtering.FunctionHas {
			return nil, "cannot be compared with :"
		}
		t, err := time.Parse(time.RFC3339Nano, v.text)
		if err != nil {
			return nil, `must be compared with a time, such as "2026-01-31T00:00:00Z"`
		}
		t = t.UTC()
		if !isStorable(t) {
			return nil, "must be compared with a time in the years 1 to 9999"
		}
		if t.Truncate(time.Microsecond) != t {
			return nil, "must be compared with a time in whole microseconds"
		}
		return compare(op, column, t), ""
	}
}
