package history_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/test/dbtest"
)

// BenchmarkReadAll reads a million changes oldest first, in pages of 1,000, and reports the time of a page among the
// first and the last hundred thousand, and the most memory after any page.
func BenchmarkReadAll(b *testing.B) {
	const rows = 1_000_000
	for _, dialect := range dbtest.Dialects() {
		d := dbtest.New(b, dialect)
		d.HookProducts(history.NewHook())
		fillHistory(b, d, rows)
		for _, filter := range []string{"", `actor = Luis AND brand = Luuna`} {
			b.Run(dialect+"/filter="+fmt.Sprint(filter != ""), func(b *testing.B) {
				for b.Loop() {
					readAll(b, d, filter, rows)
				}
			})
		}
	}
}

func fillHistory(b *testing.B, d *db.DB, rows int) {
	b.Helper()
	ctx := auth.WithPrincipal(b.Context(), auth.Principal{AdminID: uuid.New(), Name: "Ana"})
	require.NoError(b, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return draft(tx, "only").Exec(ctx)
	}))
	require.NoError(b, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO product_changes
			(create_time, product_id, sku, product_name, operation, version, fields, product, actor_id, actor_name)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT create_time, product_id, sku, product_name, 'updated', i + 1, '[]', product, actor_id, actor_name
			FROM n, product_changes WHERE sku = 'only'`, rows-1))
		return err
	}))
}

func readAll(b *testing.B, d *db.DB, filter string, rows int) {
	b.Helper()
	const edge = 100_000
	var first, last time.Duration
	var firstPages, lastPages int
	var memory uint64
	read, cursor := 0, ""
	for pages := 0; read < rows; pages++ {
		start := time.Now()
		resp, err := history.List(b.Context(), d.Reader(), uuid.Nil, &catalogv1.ListProductChangesRequest{
			OrderBy: "sequence", Cursor: cursor, PageSize: 1000, Filter: filter,
		})
		require.NoError(b, err)
		took := time.Since(start)
		cursor = resp.GetNextCursor()
		if read += len(resp.GetChanges()); filter != "" {
			read += 5_000 // nothing matches
		}
		if read <= edge {
			first, firstPages = first+took, firstPages+1
		}
		if read > rows-edge {
			last, lastPages = last+took, lastPages+1
		}
		if pages%50 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			memory = max(memory, m.HeapAlloc)
		}
	}
	b.ReportMetric(float64(first.Microseconds())/float64(firstPages), "µs/first-page")
	b.ReportMetric(float64(last.Microseconds())/float64(lastPages), "µs/last-page")
	b.ReportMetric(float64(memory)/(1<<20), "MiB-heap")
}
