package product_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/product"
)

// Every order, and the newest products of a brand, must use an index without sorting, so that the cost of a page is
// independent of the number of products. The second page must too.
func TestListsFollowAnIndex(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		batch := &catalogv1.BatchCreateProductsRequest{}
		for i := range 1000 {
			p := sample(fmt.Sprintf("SKU-%04d", i), fmt.Sprintf("Name %04d", i))
			p.Brand = fmt.Sprintf("Brand %d", i%100)
			batch.Requests = append(batch.Requests, &catalogv1.CreateProductRequest{Product: p})
		}
		_, err := s.BatchCreateProducts(ctx, batch)
		require.NoError(t, err)
		_, err = d.SQL().ExecContext(ctx, "ANALYZE")
		require.NoError(t, err)
		for index, request := range map[string]*catalogv1.ListProductsRequest{
			"product_create_time":    {},
			"product_update_time":    {OrderBy: "update_time"},
			"product_live_sku_key":   {OrderBy: "sku"},
			"product_live_name_key":  {OrderBy: "name desc"},
			"product_live_brand_key": {OrderBy: "brand"},
			"product_live_price":     {OrderBy: "price desc"},
			"product_live_brand":     {Filter: `brand = "Brand 7"`},
		} {
			request.PageSize = 5
			first := requireOrderedBy(ctx, t, s, d, index, request)
			request.PageToken = first.GetNextPageToken()
			requireOrderedBy(ctx, t, s, d, index, request)
		}
	})
}

// requireOrderedBy lists products and checks the query plan: it must use the index without sorting.
func requireOrderedBy(
	ctx context.Context, t *testing.T, s *product.Service, d *db.DB, index string, request *catalogv1.ListProductsRequest,
) *catalogv1.ListProductsResponse {
	t.Helper()
	var query *sql.Selector
	d.Reader().Product.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			q.(*ent.ProductQuery).Order(func(s *sql.Selector) { query = s }) // adds no order
			return next.Query(ctx, q)
		})
	}))
	answer, err := s.ListProducts(ctx, request)
	require.NoError(t, err)
	query.SetTotal(0) // resets the count of arguments: it was built before
	text, args := query.Query()
	plan := explain(ctx, t, d, text, args)
	require.Contains(t, plan, " "+index+" ", "%v", request)
	for _, sorting := range []string{"Sort", "TEMP B-TREE"} {
		require.NotContains(t, plan, sorting, "%v", request)
	}
	return answer
}

// explain returns the query plan for a large table: PostgreSQL would scan a small one.
func explain(ctx context.Context, t *testing.T, d *db.DB, query string, args []any) string {
	t.Helper()
	conn, err := d.ReadSQL().Conn(ctx)
	require.NoError(t, err)
	defer conn.Close()
	command, plan := "EXPLAIN QUERY PLAN ", 3 // index of the column
	if d.Dialect() == dialect.Postgres {
		command, plan = "EXPLAIN ", 0
		_, err = conn.ExecContext(ctx, "SET enable_seqscan = off; SET enable_bitmapscan = off")
		require.NoError(t, err)
		defer func() {
			_, err := conn.ExecContext(ctx, "RESET ALL")
			require.NoError(t, err)
		}()
	}
	rows, err := conn.QueryContext(ctx, command+query, args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var text strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(t, rows.Scan(values...))
		fmt.Fprintf(&text, "%s \n", *values[plan].(*any))
	}
	require.NoError(t, rows.Err())
	return text.String()
}
