package filter_test

import (
	"context"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/filter"
	"github.com/zebrands/catalog/test/dbtest"
)

// How many products and filters are generated, and from what. Another seed is another proof.
const (
	seed      = 20260131
	howMany   = 200
	different = 1100
)

// unique and created are what the corpus calls a text of a case's own, and a time that an answer had.
const (
	unique  = "u0123456789ab"
	created = "2020-01-01T00:00:00.123456Z"
)

// In memory, every filter must select exactly what SQL selects.
func TestMatchAgreesWithSQL(t *testing.T) {
	corpus := corpusFilters(t)
	require.Greater(t, len(corpus), 15)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		t.Logf("seed %d", seed)
		g := newGenerator()
		rows := g.insert(t.Context(), t, d, howMany)
		for _, text := range corpus {
			compare(t.Context(), t, d, rows, text)
		}
		some, refused := 0, 0
		for range different {
			text := g.filter(rows, 3)
			found, accepted := compare(t.Context(), t, d, rows, text)
			if !accepted {
				refused++
			}
			if found > 0 && found < len(rows) {
				some++
			}
		}
		t.Logf("%d filters select some products, %d are refused", some, refused)
		require.Greater(t, some, different/2, "filters that select nothing or everything prove little")
		require.Less(t, refused, different/20, "filters that are refused prove nothing")
	})
}

// compare selects products by a filter, in SQL and in memory. Returns how many it found, and whether the
// filter was accepted.
func compare(ctx context.Context, t *testing.T, d *db.DB, rows []*ent.Product, text string) (found int, accepted bool) {
	t.Helper()
	selected, err := filter.Parse("rule", text)
	if err != nil {
		requireInvalid(t, err)
		return 0, false
	}
	inSQL := map[uuid.UUID]bool{}
	for _, id := range d.Reader().Product.Query().Where(selected.SQL()...).IDsX(ctx) {
		inSQL[id] = true
	}
	for _, row := range rows {
		if inMemory := selected.Match(row); inMemory != inSQL[row.ID] {
			require.Failf(t, "SQL and memory differ", "%s: in memory %t for %v", text, inMemory, row)
		}
	}
	return len(inSQL), true
}

func requireInvalid(t *testing.T, err error) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.FilterInvalid, f.Reason)
	require.Equal(t, "rule", f.Violations[0].Field)
}

func TestABlankFilterSelectsEverything(t *testing.T) {
	for _, blank := range []string{"", " ", "\n\t"} {
		selected, err := filter.Parse("rule", blank)
		require.NoError(t, err)
		require.Empty(t, selected.SQL())
		require.True(t, selected.Match(&ent.Product{}))
	}
}

// SQL and memory share the ranges of minor units that a comparison of prices allows, so that the ranges
// have a proof of their own, by fractions.
func TestPricesAreComparedExactly(t *testing.T) {
	g := newGenerator()
	for range 20_000 {
		row := &ent.Product{PriceMinor: g.minor(), PriceExponent: pick(g, []int8{0, 2, 3, 4})}
		comparator, amount := pick(g, comparators), g.amount(row)
		value, ok := new(big.Rat).SetString(amount)
		require.True(t, ok, amount)
		price := new(big.Rat).SetFrac(big.NewInt(row.PriceMinor), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(row.PriceExponent)), nil))
		sign := price.Cmp(value)
		expected := map[string]bool{"=": sign == 0, "!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}
		selected, err := filter.Parse("rule", "price "+comparator+` "`+amount+`"`)
		require.NoError(t, err)
		require.Equal(t, expected[comparator], selected.Match(row), "%s %s %s", price, comparator, amount)
	}
}

// What is accepted must run on SQLite, be written for PostgreSQL, and select the same in memory.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`brand = "Sony" AND price < 100 AND tags:"sale"`, `NOT (a:b OR -c)`, `price.amount >= -0.5`, `x = timestamp("y")`,
		`name = "*\x41*" OR create_time > "2020-01-01T00:00:00Z"`, `tags:*`, `currency < 'é'`, "sku = \"\x00\"", `f(f((f(`,
		`brand = "*ony" name:"" sku != "**"`, `-price != 99.900 OR price <= 9223372036854775808`, `name >= "😀" NOT tags:"\""`,
		`update_time = timestamp("9999-12-31T23:59:59.999999Z")`, "",
	} {
		f.Add(seed)
	}
	d := dbtest.New(f, "sqlite")
	g := newGenerator()
	rows := g.insert(f.Context(), f, d, 50)
	for range 30 {
		f.Add(g.filter(rows, 2))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, accepted := compare(t.Context(), t, d, rows, text); !accepted {
			return
		}
		selected, err := filter.Parse("rule", text)
		require.NoError(t, err)
		query := sql.Dialect(dialect.Postgres).Select(product.FieldID).From(sql.Table(product.Table))
		for _, condition := range selected.SQL() {
			condition(query)
		}
		query.Query()
		require.NoError(t, query.Err())
	})
}

// corpusProducts are those that the corpus lists by filters.
func corpusProducts() []*catalogv1.Product {
	five := []*catalogv1.Product{
		{Name: "Éclair", Price: &catalogv1.Money{Amount: "5", CurrencyCode: "USD"}, Tags: []string{"sale", "sweet things"}},
		{Name: "apple", Price: &catalogv1.Money{Amount: "100", CurrencyCode: "USD"}, Tags: []string{"fruit"}},
		{Name: "Banana", Price: &catalogv1.Money{Amount: "20", CurrencyCode: "USD"}, Tags: []string{"fruit", "sale"}},
		{Name: "zebra", Price: &catalogv1.Money{Amount: "9", CurrencyCode: "EUR"}},
		{Name: "Apple", Price: &catalogv1.Money{Amount: "9", CurrencyCode: "JPY"}},
	}
	for i, p := range five {
		p.Sku, p.Brand = unique+"-"+strconv.Itoa(i+1), unique
	}
	return five
}

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

// corpusFilters returns every filter in the requests of the corpus.
func corpusFilters(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../../test/e2e/testdata/cases/*.yaml")
	require.NoError(t, err)
	var found []string
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var cases any
		require.NoError(t, yaml.Unmarshal(content, &cases), path)
		found = append(found, filtersIn(cases)...)
	}
	for i, text := range found {
		found[i] = reference.ReplaceAllStringFunc(text, func(ref string) string {
			words := strings.Fields(ref[2 : len(ref)-1])
			switch {
			case len(words) == 3 && words[0] == "repeat":
				count, err := strconv.Atoi(words[2])
				require.NoError(t, err)
				return strings.Repeat(words[1], count)
			case ref == "${id}":
				return "01999999-0000-7000-8000-000000000000"
			case ref == "${created}":
				return created
			default:
				require.Equal(t, "${unique}", ref, text)
				return unique
			}
		})
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// filtersIn returns the texts of every key "filter" in a value of YAML.
func filtersIn(value any) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		if value["rpc"] == "AuthService/ListSecurityEvents" { // has other fields
			return nil
		}
		for key, item := range value {
			if text, isText := item.(string); isText && key == "filter" {
				found = append(found, text)
				continue
			}
			found = append(found, filtersIn(item)...)
		}
	case []any:
		for _, item := range value {
			found = append(found, filtersIn(item)...)
		}
	}
	return found
}
