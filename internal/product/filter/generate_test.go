package filter_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2" //nolint:depguard // the same products and filters every time
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/money"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// many is a character that folds into eighteen of two bytes: thirty of them fill a key.
const many = "ﷺ"

// words are those that products and filters are made of.
var words = []string{
	"Sony", "sony", "SÓNY", "So", "Łódź", "łodz", "Crème brûlée", "CREME", "5* hotel", "*", "**", "a*b", "100%", "a_b", "%", "_",
	`say "hi"`, `back\slash`, `\`, "it's", "'; --", "😀", "👩\u200d👧", "😀😁", "ﬁn", "fin", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ", "東京",
	"İstanbul", "ı", "I", "\ufffd", "\u200bx", "\u0301", "x\u0301\u0323", "a\u00a0b", "x\ufeffy", "\U0010ffff", "\uffff", "\ue000", "ÿ", "é", "AND",
	"NOT", "null", "[]", "5", "-5", "0x10", "<b>&", "a  b", "Z", "z", "\x7e",
	strings.Repeat(many, 29), strings.Repeat(many, 60), strings.Repeat(many, 60) + "a", strings.Repeat(many, 60) + "b",
}

var minorUnits = []int64{
	0, 1, 5, 9, 10, 99, 100, 101, 999, 1000, 1001, 9990, 9999, 10000, 10001, 99900, 100000, 1000000,
	math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 10, math.MaxInt64 / 100,
}

var times = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 2, 3, 4, 5, 678_000, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Unix(0, 0).UTC(), time.Unix(0, 1000).UTC(),
	time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 1, 0, 0, 0, 1000, time.UTC),
	time.Date(2026, 3, 29, 1, 30, 0, 100_000_000, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 120_000_000, time.UTC),
	time.Date(2026, 10, 25, 2, 30, 10, 123_456_000, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
}

// generator makes products and filters.
type generator struct{ *rand.Rand }

func newGenerator() generator { return generator{rand.New(rand.NewPCG(seed, seed))} }

func pick[T any](g generator, from []T) T { return from[g.IntN(len(from))] }

// words returns up to three words that make a text of a product, no longer than it may be.
func (g generator) words(limit int) string {
	s := pick(g, words)
	for range g.IntN(3) {
		s += pick(g, []string{" ", "", "-"}) + pick(g, words)
	}
	s = text.Clean(text.First(s, limit))
	if text.Blank(s) {
		return "Sony"
	}
	return s
}

func (g generator) tags() []string {
	var tags []string
	seen := map[string]bool{}
	for range g.IntN(5) {
		if tag := g.words(120); !seen[tag] {
			seen[tag] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

func (g generator) time() time.Time {
	if g.IntN(4) == 0 {
		return time.UnixMicro(g.Int64N(2_000_000_000_000_000)).UTC()
	}
	return pick(g, times)
}

func (g generator) minor() int64 {
	if g.IntN(3) == 0 {
		return g.Int64N(100_000)
	}
	return pick(g, minorUnits)
}

// insert adds n products, a fifth of them deleted, and what the cases of the corpus ask for. Their texts
// are stored as the table of fields stores them. Returns the rows, without the columns that no message
// needs.
func (g generator) insert(ctx context.Context, t testing.TB, d *db.DB, n int) []*ent.Product {
	t.Helper()
	messages := corpusProducts()
	for i := range n {
		messages = append(messages, &catalogv1.Product{
			Sku: text.Clean(fmt.Sprintf("%d%s", i, g.words(50))), Name: g.words(200), Brand: g.words(100), Tags: g.tags(),
			Price: &catalogv1.Money{Amount: "1", CurrencyCode: pick(g, []string{"MXN", "USD", "JPY", "KWD", "CLF"})},
		})
	}
	require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.Product.MapCreateBulk(messages, func(create *ent.ProductCreate, i int) {
			require.NoError(t, product.Fill(create.Mutation(), messages[i]), "%v", messages[i])
			if strings.HasPrefix(messages[i].GetSku(), unique) {
				return
			}
			create.SetPriceMinor(g.minor()).SetCreateTime(g.time()).SetUpdateTime(g.time())
			if g.IntN(5) == 0 {
				create.SetDeleteTime(g.time())
			}
		}).Exec(ctx)
	}))
	rows := d.Reader().Product.Query().Select(fields.Columns()...).AllX(ctx)
	slices.SortFunc(rows, func(a, b *ent.Product) int { return strings.Compare(a.Sku, b.Sku) })
	return rows
}

// filter returns a filter that asks for something near the values of the rows.
func (g generator) filter(rows []*ent.Product, depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.condition(pick(g, rows))
	}
	switch left := g.filter(rows, depth-1); g.IntN(6) {
	case 0:
		return left + " AND " + g.filter(rows, depth-1)
	case 1:
		return left + " OR " + g.filter(rows, depth-1)
	case 2:
		return left + " " + g.filter(rows, depth-1)
	case 3:
		return "NOT (" + left + ")"
	case 4:
		return "-(" + left + ")"
	default:
		return "(" + left + ")" + pick(g, []string{" OR ", " AND ", " "}) + "(" + g.filter(rows, depth-1) + ")"
	}
}

var comparators = []string{"=", "!=", "<", "<=", ">", ">="}

func (g generator) condition(near *ent.Product) string {
	comparator := pick(g, comparators)
	field := pick(g, []string{"sku", "name", "brand", "sku", "name", "brand", "price", "price.amount", "currency", "tags", "create_time", "updateTime"})
	switch field {
	case "price", "price.amount":
		amount := g.amount(near)
		if len(amount) > 18 || g.IntN(3) == 0 { // the parser takes no longer integers without quotes
			amount = g.quoted(amount)
		}
		return field + " " + comparator + " " + amount
	case "currency":
		comparator = pick(g, append(comparators, ":"))
		return field + comparator + g.quoted(pick(g, []string{near.Currency, "JPY", "", "M", "MXO", "mxn", "é", "\U0010ffff"}))
	case "tags":
		tag := pick(g, append([]string{"*", "", "x", g.words(120)}, near.Tags...))
		return "tags:" + g.quoted(tag)
	case "create_time", "updateTime":
		return field + " " + comparator + " " + g.instant(near)
	}
	value := map[string]string{"sku": near.Sku, "name": near.Name, "brand": near.Brand}[field]
	return field + pick(g, append(comparators, ":", "=", ":")) + g.quoted(g.like(value))
}

// like returns a text that is like a value in some way.
func (g generator) like(value string) string {
	runes := []rune(value)
	from := g.IntN(len(runes) + 1)
	to := from + g.IntN(len(runes)-from+1)
	part := string(runes[from:to])
	s := pick(g, []string{
		value, value, part, "*" + string(runes[from:]), string(runes[:to]) + "*", "*" + part + "*", part + "*", "*" + part,
		strings.ToUpper(value), strings.ToLower(part), norm.NFD.String(value), pick(g, words), pick(g, words) + "*",
		"*" + pick(g, words), "", "*", "**", "***", " " + value + " ", value + value, "*" + value + value, value + value + "*",
		strings.Repeat(many, 61), string(rune(0x20 + g.IntN(0x2fff))),
	})
	if text.HasControl(s) {
		return part
	}
	return s
}

func (g generator) quoted(s string) string {
	quote := pick(g, []string{`"`, "'"})
	return quote + strings.NewReplacer(`\`, `\\`, quote, `\`+quote).Replace(s) + quote
}

func (g generator) amount(near *ent.Product) string {
	amount := money.Format(near.PriceMinor, near.PriceExponent)
	precise := amount
	if !strings.Contains(precise, ".") {
		precise += "."
	}
	return pick(g, []string{
		amount, amount, "-" + amount, precise + "0", precise + "00001", precise + "99999999999999999999",
		money.Format(g.minor(), int8(g.IntN(6))), "0", "-0", "0.00000", "00100.0", "0.1", "1", "99.9", "100", "9.99", "0.0001", "-0.5",
		"9223372036854775807", "9223372036854775808", "92233720368547758.07", "99999999999999999999999999999999", "922337203685477.5807",
	})
}

func (g generator) instant(near *ent.Product) string {
	at := pick(g, []time.Time{near.CreateTime, near.UpdateTime, g.time()})
	at = at.Add(time.Duration(g.IntN(3)-1) * time.Microsecond)
	at = at.In(time.FixedZone("", pick(g, []int{0, 0, 3600, -6 * 3600, 14 * 3600, -9*3600 - 1800})))
	return fmt.Sprintf(pick(g, []string{"timestamp(%s)", "%s"}), `"`+at.Format(time.RFC3339Nano)+`"`)
}
