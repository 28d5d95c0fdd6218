package history_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product/fields"
)

// The states of each change are the product as it was stored before and after it.
func TestStatesAreTheProductBeforeAndAfter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		stored := []*ent.Product{w.get(p.ID)}
		for _, update := range []func(u *ent.ProductUpdateOne){
			func(u *ent.ProductUpdateOne) {
				u.SetPriceMinor(1).SetPriceExponent(0).SetCurrency("JPY").SetWeightGrams(5)
			},
			func(u *ent.ProductUpdateOne) {
				u.SetName("Other").AppendTags([]string{"a", "b"}).SetDescription("soft")
			},
			func(u *ent.ProductUpdateOne) { u.SetTags([]string{"c"}).SetAttributes(map[string]string{"size": "L"}) },
			func(u *ent.ProductUpdateOne) { u.SetDeleteTime(time.Now().UTC().Truncate(time.Microsecond)) },
			func(u *ent.ProductUpdateOne) { u.ClearDeleteTime().SetBrand("Nooz") },
			func(u *ent.ProductUpdateOne) {
				u.SetTags([]string{}).SetAttributes(map[string]string{}).ClearWeightGrams()
			},
		} {
			w.tx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
				u := tx.Product.UpdateOneID(p.ID)
				update(u)
				return u.Exec(ctx)
			})
			stored = append(stored, w.get(p.ID))
		}

		changes := w.changes()
		require.Len(t, changes, len(stored))
		for i, c := range changes {
			before, after, err := history.States(c)
			require.NoError(t, err)
			requireSame(t, stored[i], after)
			if i == 0 {
				require.Nil(t, before, "there was none")
				continue
			}
			requireSame(t, stored[i-1], before)
		}

		old := *changes[1]
		old.Product = nil
		before, after, err := history.States(&old)
		require.NoError(t, err)
		require.Nil(t, before)
		require.Nil(t, after)

		old.Product = []byte("\xff")
		_, _, err = history.States(&old)
		require.Error(t, err)
	})
}

func requireSame(t *testing.T, want, got *ent.Product) {
	t.Helper()
	require.Equal(t, want.ID, got.ID)
	require.Equal(t, want.Version, got.Version)
	require.True(t, want.CreateTime.Equal(got.CreateTime))
	for _, f := range fields.Writable() {
		require.True(t, f.Same(want, got), "%s of version %d: %v", f.Name, want.Version, got)
	}
}
