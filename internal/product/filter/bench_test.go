package filter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/product/filter"
)

func BenchmarkMatch(b *testing.B) {
	row := &ent.Product{
		Sku: "SKU-000123", Name: "Crème brûlée torch, stainless steel", Brand: "Sony", PriceMinor: 12990, PriceExponent: 2,
		Currency: "MXN", Tags: []string{"kitchen", "sale"}, CreateTime: time.Unix(1_700_000_000, 0),
	}
	for name, text := range map[string]string{
		"exact":  `brand = "Sony" AND price < 200 AND tags:"sale"`,
		"folded": `name:"steel"`,
	} {
		b.Run(name, func(b *testing.B) {
			selected, err := filter.Parse("filter", text)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if !selected.Match(row) {
					b.Fatal("does not match")
				}
			}
		})
	}
}
