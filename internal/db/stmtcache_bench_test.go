package db_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// BenchmarkStatements compares connections with and without a statement cache, for a read by id and for a write in a
// transaction.
func BenchmarkStatements(b *testing.B) {
	for _, name := range dbtest.Dialects() {
		for _, kept := range []int{0, 256} {
			d := dbtest.New(b, name, db.KeepStatements(kept))
			id := dbtest.CreateProduct(b, d, "A", "")
			b.Run(fmt.Sprintf("get/%s/kept=%d", name, kept), func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := d.Reader().Product.Get(context.Background(), id); err != nil {
							b.Error(err)
						}
					}
				})
			})
			b.Run(fmt.Sprintf("update/%s/kept=%d", name, kept), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, d.InTx(b.Context(), func(ctx context.Context, tx *ent.Tx) error {
						return tx.Product.Update().AddVersion(1).Exec(ctx)
					}))
				}
			})
		}
	}
}
