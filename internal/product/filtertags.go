package product

import (
	"encoding/json"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/text"
)

// compareTags matches products with exactly this tag; tags:* matches those with any tag.
func compareTags(op string, v operand) (predicate.Product, string) {
	if op != filtering.FunctionHas || v.isTimestamp {
		return nil, `can only be asked for a tag, as in tags:"sale"`
	}
	tag := text.Clean(v.text)
	return where(func(s *sql.Selector) *sql.Predicate {
		column := s.C(product.FieldTags)
		if s.Dialect() == dialect.Postgres {
			return postgresHasTag(column, tag)
		}
		return sqliteHasTag(column, tag)
	}), ""
}

func postgresHasTag(column, tag string) *sql.Predicate {
	if tag == "*" {
		return sql.P(func(b *sql.Builder) { b.WriteString(column + " <> '[]'") })
	}
	list, err := json.Marshal([]string{tag})
	return sql.P(func(b *sql.Builder) {
		b.AddError(err)
		b.WriteString(column + " @> CAST(").Arg(string(list)).WriteString(" AS jsonb)")
	})
}

// sqliteHasTag casts the column because Ent stores JSON as bytes, which SQLite could mistake for JSONB.
func sqliteHasTag(column, tag string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.WriteString("EXISTS (SELECT 1 FROM json_each(CAST(" + column + " AS text)) AS tag")
		if tag != "*" {
			b.WriteString(" WHERE tag.value = ").Arg(tag)
		}
		b.WriteString(")")
	})
}
