package history_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

// all returns the sequences of all pages of a request.
func (w *world) all(req *catalogv1.ListProductChangesRequest) (sequences []int64, pages int) {
	w.t.Helper()
	for {
		resp := w.mustList(req)
		pages++
		for _, c := range resp.GetChanges() {
			sequences = append(sequences, c.GetSequence())
		}
		if resp.GetNextPageToken() == "" {
			return sequences, pages
		}
		req.PageToken = resp.GetNextPageToken()
	}
}

func TestHistoryIsFiltered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.product(w.ana, "first")    // 0: created by Ana, Luuna
		second := w.product(w.luis, "second") // 1: created by Luis, Luuna
		w.rename(w.luis, first, "Renamed")    // 2: updated by Luis
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(second.ID).SetBrand("Nooz").Exec(ctx) // 3: Luuna → Nooz by Ana
		})
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(second.ID).SetDeleteTime(second.CreateTime).Exec(ctx) // 4: deleted, Nooz
		})
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error { // 5: by a release without the product in its rows
			_, err := tx.ExecContext(ctx, `INSERT INTO product_changes
				(create_time, product_id, sku, product_name, operation, version, fields, actor_id, actor_name)
				SELECT create_time, product_id, sku, product_name, 'updated', 9, '[]', actor_id, actor_name
				FROM product_changes WHERE sku = 'first' AND operation = 'created'`)
			return err
		})
		rows := w.changes()
		require.Len(t, rows, 6)
		for text, expected := range map[string][]int{
			``:                       {0, 1, 2, 3, 4, 5},
			`brand = Luuna`:          {0, 1, 2, 3, 5},
			`brand = Nooz`:           {3, 4, 5},
			`NOT brand = Luuna`:      {3, 4, 5},
			`name = Renamed`:         {2, 5},
			`name = "Product first"`: {0, 2, 5},
			`actor = Ana`:            {0, 3, 4, 5},
			`actor = "` + w.luis.AdminID.String() + `"`: {1, 2},
			`operation = DELETED`:                       {4},
			`operation = UPDATED AND brand = Nooz`:      {3, 5},
			`actor = Luis AND NOT operation = CREATED`:  {2},
			`operation = UNDELETED`:                     {},
		} {
			want := []int64{}
			for _, i := range expected {
				want = append(want, rows[i].ID)
			}
			for _, size := range []int32{1, 2, 100} {
				found, _ := w.all(&catalogv1.ListProductChangesRequest{Filter: text, OrderBy: "sequence", PageSize: size})
				require.ElementsMatch(t, want, found, text)
				require.IsNonDecreasing(t, append([]int64{0}, found...))
				found, _ = w.all(&catalogv1.ListProductChangesRequest{Filter: text, PageSize: size})
				require.ElementsMatch(t, want, found, text)
			}
		}
		page := w.mustList(&catalogv1.ListProductChangesRequest{Filter: `brand = Luuna`, PageSize: 1})
		_, err := w.list(&catalogv1.ListProductChangesRequest{PageToken: page.GetNextPageToken(), Filter: `brand = Nooz`})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "a token of another filter: %v", err)
		_, err = w.list(&catalogv1.ListProductChangesRequest{Filter: `colour = red`})
		require.True(t, fault.Is(err, fault.FilterInvalid), "%v", err)

		// The cursor passes the changes that the filter excludes.
		none := w.mustList(&catalogv1.ListProductChangesRequest{Filter: `actor = Eva`, OrderBy: "sequence"})
		require.Empty(t, none.GetChanges())
		require.Empty(t, none.GetNextPageToken())
		w.rename(w.ana, first, "Last")
		later, _ := w.follow(none.GetNextCursor(), 10)
		require.Len(t, later, 1)
	})
}

// A page of a filter reads a limited number of rows, and the next one continues there.
func TestAPageOfAFilterIsBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "only")
		const rows = 12_000
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO product_changes
				(create_time, product_id, sku, product_name, operation, version, fields, product, actor_id, actor_name)
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
				SELECT create_time, product_id, sku, product_name, 'updated', i + 1, '[]', product, actor_id, actor_name
				FROM n, product_changes WHERE sku = 'only'`, rows-1))
			return err
		})
		w.rename(w.luis, p, "Found")
		found, pages := w.all(&catalogv1.ListProductChangesRequest{Filter: `actor = Luis`, OrderBy: "sequence"})
		require.Len(t, found, 1)
		require.Equal(t, 3, pages, "12,001 rows, 5,000 a page")

		var followed []int64
		cursor := ""
		for range pages {
			resp := w.mustList(&catalogv1.ListProductChangesRequest{Filter: `actor = Luis`, OrderBy: "sequence", Cursor: cursor})
			cursor = resp.GetNextCursor()
			for _, c := range resp.GetChanges() {
				followed = append(followed, c.GetSequence())
			}
		}
		require.Equal(t, found, followed, "the cursor of an empty page is after the rows that it read")
	})
}
