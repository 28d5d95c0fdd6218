package history_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/history/change"
)

func TestHookWritesOneChangePerProduct(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// A single create.
		p := w.product(w.ana, "ONE")
		require.Len(t, w.changes(), 1)
		require.Len(t, w.told, 1)

		// A bulk create of more than one chunk inserts one job, in the order of the products.
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			drafts := make([]*ent.ProductCreate, 1100)
			for i := range drafts {
				drafts[i] = draft(tx, fmt.Sprintf("BULK-%04d", i))
			}
			return tx.Product.CreateBulk(drafts...).Exec(ctx)
		})
		changes := w.changes()
		require.Len(t, changes, 1101)
		for i, c := range changes[1:] {
			require.Equal(t, fmt.Sprintf("BULK-%04d", i), c.Sku)
			require.Equal(t, change.Created, c.Operation)
		}
		require.Len(t, w.told, 2)

		// One transaction has several updates, one of which changes nothing.
		w.tx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
			for _, row := range changes[:3] {
				if err := tx.Product.UpdateOneID(row.ProductID).SetBrand("Nooz").Exec(ctx); err != nil {
					return err
				}
			}
			return tx.Product.UpdateOneID(p.ID).SetBrand("Nooz").Exec(ctx)
		})
		changes = w.changes()[1101:]
		require.Len(t, changes, 3)
		require.Len(t, w.told, 3)
		for i, c := range changes {
			require.Equal(t, w.luis.AdminID, c.ActorID)
			require.Equal(t, "Luis", c.ActorName)
			require.Len(t, c.Fields, 1)
			require.Equal(t, "brand", c.Fields[0].Name)
			require.Equal(t, c.ID, w.told[2].changes[i])
		}
		require.Equal(t, int64(2), w.get(p.ID).Version)
	})
}

func TestHookTellsEachFieldBeforeAndAfter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOne(p).
				SetPriceMinor(100).SetPriceExponent(0).SetCurrency("JPY").
				AppendTags([]string{"new"}).SetAttributes(map[string]string{"size": "L"}).
				SetDescription("soft").SetBrand(p.Brand).Exec(ctx)
		})
		changes := w.changes()
		created, updated := changes[0], changes[1]

		var names []string
		for _, f := range created.Fields {
			names = append(names, f.Name)
			require.JSONEq(t, "null", string(f.Old))
		}
		require.Equal(t, []string{"name", "sku", "brand", "price"}, names)
		require.Equal(t, int64(1), created.Version)

		want := map[string][2]string{
			"price":       {`{"amount":"129.90","currencyCode":"MXN"}`, `{"amount":"100","currencyCode":"JPY"}`},
			"description": {`""`, `"soft"`},
			"tags":        {`[]`, `["new"]`},
			"attributes":  {`{}`, `{"size":"L"}`},
		}
		require.Len(t, updated.Fields, len(want))
		for _, f := range updated.Fields {
			require.JSONEq(t, want[f.Name][0], string(f.Old))
			require.JSONEq(t, want[f.Name][1], string(f.New))
		}
		require.Equal(t, change.Updated, updated.Operation)
		now := w.get(p.ID)
		require.Equal(t, int64(2), updated.Version)
		require.Equal(t, int64(2), now.Version)
		require.Equal(t, []string{"new"}, now.Tags)
		require.True(t, updated.CreateTime.Equal(now.UpdateTime))
	})
}

func TestHookLeavesUnchangedProductsAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			same, err := tx.Product.UpdateOneID(p.ID).SetName(p.Name).SetTags(nil).AppendTags(nil).
				SetPriceMinor(p.PriceMinor).ClearDeleteTime().Save(ctx)
			require.NoError(t, err)
			require.Equal(t, p.ID, same.ID)
			return tx.Product.UpdateOneID(p.ID).SetBrand(p.Brand).Exec(ctx)
		})
		require.Len(t, w.changes(), 1)
		require.Len(t, w.told, 1)
		require.Equal(t, int64(1), w.get(p.ID).Version)
		require.True(t, p.UpdateTime.Equal(w.get(p.ID).UpdateTime))

		// Derived columns are stored, without a change and without a notification.
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			if err := tx.Product.UpdateOneID(p.ID).SetSearchText("again").Exec(ctx); err != nil {
				return err
			}
			return tx.Product.UpdateOneID(p.ID).SetBrandKey([]byte("key")).Exec(ctx)
		})
		require.Equal(t, "again", w.get(p.ID).SearchText)
		require.Equal(t, []byte("key"), w.get(p.ID).BrandKey)
		require.Equal(t, int64(1), w.get(p.ID).Version)
		require.True(t, p.UpdateTime.Equal(w.get(p.ID).UpdateTime))
		require.Len(t, w.changes(), 1)
	})
}

func TestHookNamesOperations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		deleteTime := time.Now().UTC().Truncate(time.Microsecond)
		for _, set := range []func(*ent.ProductUpdateOne){
			func(u *ent.ProductUpdateOne) { u.SetDeleteTime(deleteTime) },
			func(u *ent.ProductUpdateOne) { u.SetDeleteTime(deleteTime.Add(time.Hour)) }, // already deleted: no change
			func(u *ent.ProductUpdateOne) { u.ClearDeleteTime().SetName("Back") },
			func(u *ent.ProductUpdateOne) { u.AddPriceMinor(1) },
		} {
			w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
				u := tx.Product.UpdateOneID(p.ID)
				set(u)
				return u.Exec(ctx)
			})
		}
		var operations []change.Operation
		for _, c := range w.changes() {
			operations = append(operations, c.Operation)
		}
		require.Equal(t, []change.Operation{change.Created, change.Deleted, change.Undeleted, change.Updated}, operations)
		require.Empty(t, w.changes()[1].Fields)
		require.Len(t, w.changes()[2].Fields, 1)
		require.Equal(t, int64(129_91), w.get(p.ID).PriceMinor)
	})
}

func TestHookRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		inTx := func(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
			return w.db.InTx(ctx, fn)
		}
		require.ErrorIs(t, inTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.DeleteOneID(p.ID).Exec(ctx)
		}), history.ErrRowRemoved)
		require.ErrorIs(t, inTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.Product.Delete().Exec(ctx)
			return err
		}), history.ErrRowRemoved)
		require.ErrorIs(t, inTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.Update().Where(product.ID(p.ID)).SetName("x").Exec(ctx)
		}), history.ErrBulkUpdate)
		require.ErrorIs(t, inTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(p.ID).SetName("x").Exec(ctx)
		}), history.ErrNoActor)
		// The transaction exists, but its context is not used.
		require.ErrorIs(t, inTx(w.as(w.ana), func(_ context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(p.ID).SetName("x").Exec(w.as(w.ana)) //nolint:contextcheck // that is the point
		}), db.ErrNotInTx)
		// A stale row is not overwritten.
		w.rename(w.ana, p, "Newer")
		require.True(t, fault.Is(inTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOne(p).SetName("Stale").Exec(ctx)
		}), fault.ConcurrentChange))
		require.Equal(t, "Newer", w.get(p.ID).Name)
		require.Len(t, w.changes(), 2)

		// The read-only client cannot write.
		require.Error(t, w.db.Reader().Product.UpdateOneID(p.ID).SetName("x").Exec(w.as(w.ana)))
		require.Equal(t, "Newer", w.get(p.ID).Name)
	})
}

func TestRollbackLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		failure := errors.New("the rest did not work")
		require.ErrorIs(t, w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			require.NoError(t, tx.Product.UpdateOneID(p.ID).SetName("x").Exec(ctx))
			require.NoError(t, draft(tx, "OTHER").Exec(ctx))
			return failure
		}), failure)
		require.Len(t, w.changes(), 1)
		require.Len(t, w.told, 1)
		require.Equal(t, int64(1), w.get(p.ID).Version)
	})
}

// A failing listener rolls the transaction back.
func TestListenersAreInTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		w.refusal = errors.New("nobody can be told")
		require.ErrorIs(t, w.db.InTx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(p.ID).SetName("x").Exec(ctx)
		}), w.refusal)
		require.Len(t, w.changes(), 1)
		require.Equal(t, p.Name, w.get(p.ID).Name)

		w.refusal = nil
		w.rename(w.luis, p, "x")
		changes := w.changes()
		require.Equal(t, told{by: w.luis, changes: []int64{changes[1].ID}}, w.told[len(w.told)-1])
	})
}

func TestConcurrentUpdatesAreAllTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		const writers = 8
		results := make(chan error, writers)
		for range writers {
			go func() {
				for {
					err := w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
						return tx.Product.UpdateOneID(p.ID).AddPriceMinor(1).Exec(ctx)
					})
					if !fault.Is(err, fault.ConcurrentChange) { // another change was first
						results <- err
						return
					}
				}
			}()
		}
		for range writers {
			require.NoError(t, <-results)
		}
		require.Equal(t, int64(129_90+writers), w.get(p.ID).PriceMinor)
		require.Equal(t, int64(1+writers), w.get(p.ID).Version)
		changes := w.changes()
		require.Len(t, changes, 1+writers)
		last := `{"amount":"129.90","currencyCode":"MXN"}`
		for _, c := range changes[1:] { // each starts from the result of the previous one
			require.JSONEq(t, last, string(c.Fields[0].Old))
			last = string(c.Fields[0].New)
		}
	})
}
