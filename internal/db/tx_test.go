package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

var (
	errRefused = errors.New("refused")
	hour       = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
)

func TestInTxKeepsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(sku string, end func(ctx context.Context) error) error {
			return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				dbtest.NewProduct(tx, sku).SaveX(ctx)
				return end(ctx)
			})
		}
		require.NoError(t, write("kept", func(context.Context) error { return nil }))
		require.ErrorIs(t, write("refused", func(context.Context) error { return errRefused }), errRefused)
		require.ErrorIs(t, write("late", func(ctx context.Context) error {
			return db.BeforeCommit(ctx, func(context.Context, *ent.Tx) error { return errRefused })
		}), errRefused)
		require.PanicsWithValue(t, "broken", func() {
			_ = write("panicked", func(context.Context) error { panic("broken") })
		})
		require.Equal(t, []string{"kept"}, skus(t, d))
	})
}

func TestInTxEndsWithTheCallersContext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
			dbtest.NewProduct(tx, "A").SaveX(ctx)
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, skus(t, d))
		require.ErrorIs(t, d.InTx(ctx, func(context.Context, *ent.Tx) error { return nil }), context.Canceled)
	})
}

func TestInTxDoesNotNest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		require.ErrorIs(t, d.InTx(t.Context(), func(ctx context.Context, _ *ent.Tx) error {
			return d.InTx(ctx, func(context.Context, *ent.Tx) error { return nil })
		}), db.ErrNested)
	})
}

func TestReaderRefusesWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := dbtest.CreateProduct(t, d, "A", "")
		ctx := t.Context()
		require.ErrorIs(t, d.Reader().Product.UpdateOneID(id).SetName("Other").Exec(ctx), db.ErrReadOnly)
		require.ErrorIs(t, d.Reader().Product.DeleteOneID(id).Exec(ctx), db.ErrReadOnly)
		_, err := d.Reader().Product.Update().SetName("Other").Save(ctx)
		require.ErrorIs(t, err, db.ErrReadOnly)
		tx, err := d.Reader().Tx(ctx)
		require.NoError(t, err)
		require.ErrorIs(t, tx.Product.UpdateOneID(id).SetName("Other").Exec(ctx), db.ErrReadOnly)
		require.NoError(t, tx.Rollback())
	})
}

func TestBeforeCommitAndLocal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type key struct{}
		var order []string
		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, _ *ent.Tx) error {
			for _, want := range []bool{true, false} {
				list, created, err := db.Local(ctx, key{}, func() *[]string { return &order })
				require.NoError(t, err)
				require.Equal(t, want, created)
				*list = append(*list, "in")
			}
			return db.BeforeCommit(ctx, func(ctx context.Context, _ *ent.Tx) error {
				order = append(order, "before")
				return db.BeforeCommit(ctx, func(context.Context, *ent.Tx) error {
					order = append(order, "last")
					return nil
				})
			})
		}))
		require.Equal(t, []string{"in", "in", "before", "last"}, order)

		_, _, err := db.Local(t.Context(), key{}, func() int { return 0 })
		require.ErrorIs(t, err, db.ErrNotInTx)
		require.ErrorIs(t, db.BeforeCommit(t.Context(), nil), db.ErrNotInTx)
		require.False(t, db.LocksRows(t.Context()))
	})
}

// Two transactions lock two rows in opposite orders: PostgreSQL aborts one, which must be retried, and SQLite
// serializes them.
func TestInTxTriesAgainAfterADeadlock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := dbtest.CreateProduct(t, d, "A", ""), dbtest.CreateProduct(t, d, "B", "")
		var meet sync.WaitGroup
		meet.Add(2)
		rename := func(first, second uuid.UUID, name string) error {
			runs := 0
			return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				runs++
				if err := tx.Product.UpdateOneID(first).SetName(name).Exec(ctx); err != nil {
					return err
				}
				if runs == 1 && db.LocksRows(ctx) {
					meet.Done()
					meet.Wait()
				}
				return tx.Product.UpdateOneID(second).SetName(name).Exec(ctx)
			})
		}
		var other error
		var wg sync.WaitGroup
		wg.Go(func() { other = rename(b, a, "other") })
		require.NoError(t, rename(a, b, "one"))
		wg.Wait()
		require.NoError(t, other)
		products := d.Reader().Product.Query().AllX(t.Context())
		require.Equal(t, products[0].Name, products[1].Name)
	})
}

func skus(t *testing.T, d *db.DB) []string {
	t.Helper()
	var skus []string
	for _, p := range d.Reader().Product.Query().AllX(t.Context()) {
		skus = append(skus, p.Sku)
	}
	return skus
}
