package notification_test

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
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/notification"
)

const notifyJobs = "river_job WHERE kind = 'notify'"

func TestHookWritesOneChangePerProduct(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// A single create.
		p := w.product(w.ana, "ONE")
		require.Len(t, w.changes(), 1)
		require.Equal(t, 1, w.count(notifyJobs))

		// A bulk create, over one chunk: one job, and the order of the products.
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
		require.Equal(t, 2, w.count(notifyJobs))

		// A bulk update touches the rows that change, and no others.
		w.tx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
			n, err := tx.Product.Update().
				Where(product.SkuIn("BULK-0001", "BULK-0002", "ONE")).
				SetBrand("Nooz").Save(ctx)
			require.Equal(t, 3, n)
			return err
		})
		w.tx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
			require.NoError(t, tx.Product.UpdateOneID(p.ID).SetBrand("Other").Exec(ctx))
			n, err := tx.Product.Update().
				Where(product.SkuIn("BULK-0001", "BULK-0002", "ONE")).
				SetBrand("Nooz").Save(ctx)
			require.Equal(t, 1, n)
			return err
		})
		changes = w.changes()[1101:]
		require.Len(t, changes, 5)
		require.Equal(t, 4, w.count(notifyJobs))
		for _, c := range changes {
			require.Equal(t, w.luis.ID, c.ActorID)
			require.Equal(t, "Luis", c.ActorName)
			require.Len(t, c.Fields, 1)
			require.Equal(t, "brand", c.Fields[0].Name)
		}
		require.Equal(t, int64(4), w.get(p.ID).Version)
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
			n, err := tx.Product.Update().SetBrand(p.Brand).Save(ctx)
			require.Zero(t, n)
			return err
		})
		require.Len(t, w.changes(), 1)
		require.Equal(t, 1, w.count(notifyJobs))
		require.Equal(t, int64(1), w.get(p.ID).Version)
		require.True(t, p.UpdateTime.Equal(w.get(p.ID).UpdateTime))

		// What is only derived is stored, and nobody hears of it.
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			if err := tx.Product.UpdateOneID(p.ID).SetSearchText("again").Exec(ctx); err != nil {
				return err
			}
			return tx.Product.Update().SetBrandKey([]byte("key")).Exec(ctx)
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
			func(u *ent.ProductUpdateOne) { u.SetDeleteTime(deleteTime.Add(time.Hour)) }, // is deleted: nothing
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
		}), notification.ErrRowRemoved)
		require.ErrorIs(t, inTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.Product.Delete().Exec(ctx)
			return err
		}), notification.ErrRowRemoved)
		require.ErrorIs(t, inTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(p.ID).SetName("x").Exec(ctx)
		}), notification.ErrNoActor)
		// The transaction is there, but the context is not its own.
		require.ErrorIs(t, inTx(w.as(w.ana), func(_ context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(p.ID).SetName("x").Exec(w.as(w.ana)) //nolint:contextcheck // that is the point
		}), db.ErrNotInTx)
		// A stale row is not written over.
		w.rename(w.ana, p, "Newer")
		require.True(t, fault.Is(inTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOne(p).SetName("Stale").Exec(ctx)
		}), fault.ConcurrentChange))
		require.Equal(t, "Newer", w.get(p.ID).Name)
		require.Len(t, w.changes(), 2)

		// The client for reads cannot write.
		require.Error(t, w.db.Reader().Product.UpdateOneID(p.ID).SetName("x").Exec(w.as(w.ana)))
		require.Equal(t, "Newer", w.get(p.ID).Name)
	})
}

func TestRollbackLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		w.work()
		w.untilIdle()
		before := len(w.mailer.messages())
		failure := errors.New("the rest did not work")
		require.ErrorIs(t, w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			require.NoError(t, tx.Product.UpdateOneID(p.ID).SetName("x").Exec(ctx))
			require.NoError(t, draft(tx, "OTHER").Exec(ctx))
			return failure
		}), failure)
		w.untilIdle()
		require.Len(t, w.changes(), 1)
		require.Equal(t, 1, w.count(notifyJobs))
		require.Len(t, w.mailer.messages(), before)
		require.Equal(t, int64(1), w.get(p.ID).Version)
	})
}

func TestConcurrentUpdatesAreAllTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		const writers = 8
		results := make(chan error, writers)
		for range writers {
			go func() {
				results <- w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
					return tx.Product.Update().Where(product.ID(p.ID)).AddPriceMinor(1).Exec(ctx)
				})
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
		for _, c := range changes[1:] { // each begins where the one before ended
			require.JSONEq(t, last, string(c.Fields[0].Old))
			last = string(c.Fields[0].New)
		}
	})
}
