package history_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/productchange"
	"github.com/zebrands/catalog/test/wait"
)

// A reader that continues after the last id that it saw misses no change under concurrent writes.
func TestChangesBecomeVisibleInTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const writers, changes, batches, batch = 8, 60, 15, 20
		var group sync.WaitGroup
		write := func(n int, fn func(ctx context.Context, tx *ent.Tx, i int) error) {
			for i := range n {
				if err := w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error { return fn(ctx, tx, i) }); err != nil {
					t.Error(err)
					return
				}
			}
		}
		for n := range writers {
			p := w.product(w.ana, fmt.Sprintf("single-%d", n))
			group.Go(func() {
				write(changes, func(ctx context.Context, tx *ent.Tx, i int) error {
					return tx.Product.UpdateOneID(p.ID).SetName(fmt.Sprint("Name ", i)).Exec(ctx)
				})
			})
		}
		group.Go(func() {
			write(batches, func(ctx context.Context, tx *ent.Tx, i int) error {
				creates := make([]*ent.ProductCreate, batch)
				for j := range creates {
					creates[j] = draft(tx, fmt.Sprintf("batch-%d-%d", i, j))
				}
				return tx.Product.CreateBulk(creates...).Exec(ctx)
			})
		})
		var done atomic.Bool
		go func() {
			group.Wait()
			done.Store(true)
		}()

		seen, last := 0, int64(0)
		for ended := false; !ended; {
			ended = done.Load() // everything committed by now is visible below
			rows, err := w.db.Reader().ProductChange.Query().
				Where(productchange.IDGT(last)).Order(ent.Asc(productchange.FieldID)).All(t.Context())
			require.NoError(t, err)
			for _, row := range rows {
				last = row.ID
			}
			seen += len(rows)
		}
		require.Equal(t, w.db.Reader().ProductChange.Query().CountX(t.Context()), seen)
		require.Equal(t, writers*(1+changes)+batches*batch, seen)
	})
}

// On PostgreSQL, writers of history are serialized: each waits for the commit of the previous one.
func TestHistoryIsWrittenByOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if w.db.Dialect() != dialect.Postgres { // SQLite has a single writer
			return
		}
		first, second := w.product(w.ana, "first"), w.product(w.ana, "second")
		change := func(ctx context.Context, tx *ent.Tx, p *ent.Product) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO product_changes
				(create_time, product_id, sku, product_name, operation, version, fields, actor_id, actor_name)
				VALUES (now(), $1, $2, '', 'updated', 2, '[]', $1, '')`, p.ID, p.Sku)
			return err
		}
		writeSecond := func() error {
			return w.db.InTx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error { return change(ctx, tx, second) })
		}
		done := make(chan error, 1)
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			if err := change(ctx, tx, first); err != nil {
				return err
			}
			go func() { done <- writeSecond() }()
			require.Eventually(t, func() bool {
				select {
				case err := <-done:
					t.Error("the second writer did not wait")
					done <- err
					return true
				default:
				}
				rows, err := tx.QueryContext(ctx, `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
					AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
				if err != nil {
					return false
				}
				defer rows.Close()
				return rows.Next() && rows.Err() == nil
			}, wait.Patience, 5*time.Millisecond)
			return nil
		})
		require.NoError(t, <-done)
		rows := w.changes()
		require.Equal(t, []string{"first", "second"}, []string{rows[len(rows)-2].Sku, rows[len(rows)-1].Sku})
	})
}
