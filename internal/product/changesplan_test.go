package product_test

import (
	"context"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/product"
)

// Each page of the history must begin at its position in an index, without sorting, so that the cost of a page is
// independent of the number of changes before it.
func TestHistoryFollowsAnIndex(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		var id string
		for i := range 20 {
			id = create(ctx, t, s, sample(fmt.Sprint("SKU-", i), "Name")).GetId()
		}
		_, err := d.SQL().ExecContext(ctx, "ANALYZE")
		require.NoError(t, err)
		var query *sql.Selector
		d.Reader().ProductChange.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				q.(*ent.ProductChangeQuery).Order(func(s *sql.Selector) { query = s }) // adds no order
				return next.Query(ctx, q)
			})
		}))
		key := map[string]string{dialect.SQLite: "INTEGER PRIMARY KEY", dialect.Postgres: "product_changes_pkey"}[d.Dialect()]
		start, err := s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{OrderBy: "sequence", PageSize: 3})
		require.NoError(t, err)
		for _, request := range []*catalogv1.ListProductChangesRequest{
			{},
			{OrderBy: "sequence"},
			{OrderBy: "sequence", Cursor: start.GetNextCursor()},
			{OrderBy: "sequence", Filter: `brand = "Acme" AND operation = CREATED`},
			{ProductId: id},
		} {
			index := key
			if request.GetProductId() != "" {
				index = "productchange_product_id_id"
			}
			for range 2 { // the first page and the second
				request.PageSize = 5
				page, err := s.ListProductChanges(ctx, request)
				require.NoError(t, err)
				query.SetTotal(0)
				text, args := query.Query()
				plan := explain(ctx, t, d, text, args)
				require.Contains(t, plan, index, "%v", request)
				for _, sorting := range []string{"Sort", "TEMP B-TREE"} {
					require.NotContains(t, plan, sorting, "%v", request)
				}
				request.PageToken = page.GetNextPageToken()
			}
		}
	})
}
