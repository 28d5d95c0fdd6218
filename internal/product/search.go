package product

import (
	"bytes"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// maxQueryWords is the maximum number of distinct words in a full-text query.
const maxQueryWords = 64

// search is a full-text query. A product matches if each word is a prefix of one of its own words. A query without
// words, such as "++", matches the product with that SKU.
type search struct {
	key   []byte // the order key of the whole query as a SKU
	words []string
}

// parseSearch parses a query. Returns nil if it is blank, and a fault that names "query" if it contains control
// characters or too many words.
func parseSearch(query string) (*search, error) {
	if text.HasControl(query) {
		return nil, fault.Field("query", fault.FieldControlCharacters, "must not contain control characters")
	}
	query = text.Clean(query)
	if query == "" {
		return nil, nil //nolint:nilnil // no search is no mistake
	}
	q := &search{key: fields.OrderKey(query), words: fields.Words(query)}
	if len(q.words) > maxQueryWords {
		return nil, fault.Field("query", fault.FieldTooMany, "must have at most %d different words", maxQueryWords)
	}
	return q, nil
}

// match is the condition for the products that match the query.
func (q *search) match(s *sql.Selector) {
	switch {
	case len(q.words) == 0:
		s.Where(sql.EQ(s.C(product.FieldSkuKey), q.key))
	case s.Dialect() == dialect.Postgres:
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C("search_vector")).WriteString(" @@ CAST(").
				Arg(q.prefixes(`'`, `':*`, " & ")).WriteString(" AS tsquery)")
		}))
	default:
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(product.FieldID)).WriteString(" IN (SELECT d.product_id FROM product_search " +
				"JOIN product_search_docs d ON d.doc_id = product_search.rowid WHERE product_search MATCH ").
				Arg(q.prefixes(`"`, `"*`, " ")).WriteString(")")
		}))
	}
}

// prefixes writes each word between before and after. Words consist of letters and digits only: see text.Words.
func (q *search) prefixes(before, after, between string) string {
	marked := make([]string, len(q.words))
	for i, w := range q.words {
		marked[i] = before + w + after
	}
	return strings.Join(marked, between)
}

// The ranks of matches, best first.
const (
	tierSKU       = iota // the query is the SKU
	tierSKUStart         // the SKU starts with the query
	tierNameStart        // the name starts with the query
	tierRest
)

// order is the best match first, then by name.
func (q *search) order() order {
	byName, _ := orderFields("name")
	return append(order{q.tierTerm()}, byName...).byID()
}

func (q *search) tierTerm() term {
	startsWith := func(s *sql.Selector, b *sql.Builder, column string, tier string) {
		b.WriteString(" WHEN substr(" + s.C(column) + ", 1, ").Arg(len(q.key)).WriteString(") = ").
			Arg(q.key).WriteString(" THEN " + tier)
	}
	return term{
		write: func(s *sql.Selector, b *sql.Builder) {
			b.WriteString("CASE WHEN " + s.C(product.FieldSkuKey) + " = ").Arg(q.key).WriteString(" THEN 0")
			startsWith(s, b, product.FieldSkuKey, "1")
			startsWith(s, b, product.FieldNameKey, "2")
			b.WriteString(" ELSE 3 END")
		},
		value: func(p *ent.Product) any { return q.tier(p) },
		parse: parseAs(func(tier int64) (any, error) {
			if tier < tierSKU || tier > tierRest {
				return nil, errPosition
			}
			return tier, nil
		}),
	}
}

// tier returns the value of tierTerm's expression for a product.
func (q *search) tier(p *ent.Product) int {
	switch {
	case bytes.Equal(p.SkuKey, q.key):
		return tierSKU
	case bytes.HasPrefix(p.SkuKey, q.key):
		return tierSKUStart
	case bytes.HasPrefix(p.NameKey, q.key):
		return tierNameStart
	default:
		return tierRest
	}
}
