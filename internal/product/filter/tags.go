package filter

import (
	"encoding/json"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/text"
)

// compareTags matches products with exactly this tag; tags:* matches those with any tag.
func compareTags(op string, v operand) (condition, string) {
	if op != filtering.FunctionHas || v.isTimestamp {
		return nil, `can only be asked for a tag, as in tags:"sale"`
	}
	return hasTag(text.Clean(v.text)), ""
}

// hasTag matches products with a tag; anyTag matches those with any tag.
type hasTag string

const anyTag hasTag = "*"

func (tag hasTag) where() predicate.Product {
	return where(func(s *sql.Selector) *sql.Predicate {
		column := s.C(product.FieldTags)
		if s.Dialect() == dialect.Postgres {
			return tag.inPostgres(column)
		}
		return tag.inSQLite(column)
	})
}

func (hasTag) searches() bool { return true }

func (tag hasTag) match(row *ent.Product) bool {
	return tag == anyTag && len(row.Tags) > 0 || slices.Contains(row.Tags, string(tag))
}

func (tag hasTag) inPostgres(column string) *sql.Predicate {
	if tag == anyTag {
		return sql.P(func(b *sql.Builder) { b.WriteString(column + " <> '[]'") })
	}
	list, err := json.Marshal([]string{string(tag)})
	return sql.P(func(b *sql.Builder) {
		b.AddError(err)
		b.WriteString(column + " @> CAST(").Arg(string(list)).WriteString(" AS jsonb)")
	})
}

// inSQLite casts the column because Ent stores JSON as bytes, which SQLite could mistake for JSONB.
func (tag hasTag) inSQLite(column string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.WriteString("EXISTS (SELECT 1 FROM json_each(CAST(" + column + " AS text)) AS tag")
		if tag != anyTag {
			b.WriteString(" WHERE tag.value = ").Arg(string(tag))
		}
		b.WriteString(")")
	})
}
