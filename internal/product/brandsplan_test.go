package product_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// fill adds products with alternating brands, and updates the database's statistics.
func fill(t testing.TB, d *db.DB, products, brands int) {
	t.Helper()
	insert := `INSERT INTO products (id, create_time, update_time, sku, name, brand, price_minor, price_exponent, currency,
			image_urls, tags, attributes, sku_key, name_key, brand_key, search_text)
		SELECT gen_random_uuid(), '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'S' || i, 'Name', 'Brand ' || (i % BRANDS), i, 2, 'MXN', '[]', '[]', '{}',
			CAST('s' || i AS bytea), 'name', CAST('brand ' || (i % BRANDS) AS bytea), 'name'
		FROM generate_series(1, PRODUCTS) AS i`
	statistics := "VACUUM ANALYZE products"
	if d.Dialect() == "sqlite3" {
		insert = strings.NewReplacer(
			"INSERT", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < PRODUCTS) INSERT",
			"generate_series(1, PRODUCTS) AS i", "n", "bytea", "blob", "'name', CAST", "CAST('name' AS blob), CAST",
			"gen_random_uuid()", "printf('00000000-0000-7000-8000-%012d', i)",
		).Replace(insert)
		statistics = "ANALYZE"
	}
	insert = strings.NewReplacer("BRANDS", fmt.Sprint(brands), "PRODUCTS", fmt.Sprint(products)).Replace(insert)
	_, err := d.SQL().ExecContext(t.Context(), insert)
	require.NoError(t, err)
	// VACUUM cannot set the visibility map while another transaction has an older snapshot.
	require.Eventually(t, func() bool {
		_, err := d.SQL().ExecContext(t.Context(), statistics)
		require.NoError(t, err)
		seen := d.Dialect() == "sqlite3"
		if !seen {
			row := d.SQL().QueryRowContext(t.Context(), "SELECT relallvisible = relpages FROM pg_class WHERE relname = 'products'")
			require.NoError(t, row.Scan(&seen))
		}
		return seen
	}, wait.Patience, 10*time.Millisecond)
}

// The list of brands uses a covering index in its order.
func TestListBrandsLooksAtNoProducts(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			d := newTraced(t, dialect)
			fill(t, d.DB, 2_000, 40)
			s, err := product.NewService(d.DB, 0)
			require.NoError(t, err)
			list := func(req *catalogv1.ListBrandsRequest) (resp *catalogv1.ListBrandsResponse, query string) {
				statements := d.statements(t.Context(), func(ctx context.Context) {
					resp, err = s.ListBrands(ctx, req)
					require.NoError(t, err)
				})
				require.Len(t, statements, 1)
				return resp, statements[0]
			}
			index := map[string]string{
				"sqlite": "USING COVERING INDEX product_brand_list", "postgres": "Index Only Scan using product_brand_list ",
			}[dialect]

			first, query := list(&catalogv1.ListBrandsRequest{PageSize: 10})
			require.EqualValues(t, 50, first.GetBrands()[0].GetProductCount())
			plans := []string{explain(t.Context(), t, d.DB, query, nil)}
			_, query = list(&catalogv1.ListBrandsRequest{PageSize: 10, PageToken: first.GetNextPageToken()})
			plans = append(plans, explain(t.Context(), t, d.DB, query, []any{[]byte("brand 17"), "Brand 17"}))
			_, query = list(&catalogv1.ListBrandsRequest{Query: "nd 1"})
			plans = append(plans, explain(t.Context(), t, d.DB, query, []any{[]byte("nd 1")}))
			for _, plan := range plans {
				require.Contains(t, plan, index)
				require.NotContains(t, plan, "TEMP B-TREE")
				require.NotContains(t, plan, "-> Sort")
				require.NotContains(t, plan, "HashAggregate")
			}
		})
	}
}

func BenchmarkListBrands(b *testing.B) {
	for _, dialect := range dbtest.Dialects() {
		d := dbtest.New(b, dialect)
		fill(b, d, 100_000, 500)
		s, err := product.NewService(d, 0)
		require.NoError(b, err)
		for _, c := range []struct {
			name string
			req  *catalogv1.ListBrandsRequest
		}{
			{"first page", &catalogv1.ListBrandsRequest{}},
			{"all", &catalogv1.ListBrandsRequest{PageSize: 1000}},
			{"query", &catalogv1.ListBrandsRequest{Query: "nd 4"}},
		} {
			b.Run(dialect+"/"+c.name, func(b *testing.B) {
				for b.Loop() {
					_, err := s.ListBrands(b.Context(), c.req)
					require.NoError(b, err)
				}
			})
		}
	}
}
