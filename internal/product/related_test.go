package product_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/decay"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

// move is a number of transitions between products.
type move struct {
	from, to *catalogv1.Product
	times    float64
}

// recordMoves adds transitions of now.
func recordMoves(ctx context.Context, t *testing.T, d *db.DB, moves ...move) {
	t.Helper()
	one := decay.Related.Weight(d.Now())
	arrivals := map[string]float64{}
	require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		for _, m := range moves {
			arrivals[m.to.GetId()] += m.times * one
			if err := tx.ProductTransition.Create().SetFromID(uuid.MustParse(m.from.GetId())).
				SetToID(uuid.MustParse(m.to.GetId())).SetWeight(m.times * one).Exec(ctx); err != nil {
				return err
			}
		}
		for id, sum := range arrivals {
			if err := tx.ProductScore.Create().SetID(uuid.MustParse(id)).SetArrivals(sum).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
}

// setTrend sets the decayed number of views of a product.
func setTrend(ctx context.Context, t *testing.T, d *db.DB, p *catalogv1.Product, views float64) {
	t.Helper()
	require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.ProductScore.Create().SetID(uuid.MustParse(p.GetId())).
			SetTrend(views * decay.Trend.Weight(d.Now())).Exec(ctx)
	}))
}

// related returns "SKU reason" of each entry.
func related(ctx context.Context, t *testing.T, s *product.Service, p *catalogv1.Product, size int32) []string {
	t.Helper()
	req := &catalogv1.ListRelatedProductsRequest{ProductId: p.GetId(), PageSize: size}
	resp, err := s.ListRelatedProducts(ctx, req)
	require.NoError(t, err)
	var found []string
	for _, entry := range resp.GetEntries() {
		found = append(found, entry.GetProduct().GetSku()+" "+entry.GetReason().String()[len("REASON_"):])
	}
	return found
}

// ofBrand returns a valid product without similarity to those of another brand.
func ofBrand(brand, sku string, tags ...string) *catalogv1.Product {
	p := sample(sku, "Product "+sku)
	p.Brand, p.Tags = brand, tags
	return p
}

func TestBestSellersDoNotWinEverywhere(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		lamp := create(ctx, t, s, ofBrand("A", "lamp"))
		bulb := create(ctx, t, s, ofBrand("B", "bulb"))
		gift := create(ctx, t, s, ofBrand("C", "gift card"))
		desk := create(ctx, t, s, ofBrand("D", "desk"))
		rare := create(ctx, t, s, ofBrand("E", "rare"))
		recordMoves(ctx, t, d,
			move{lamp, bulb, 10}, move{lamp, gift, 12}, move{lamp, rare, 2},
			move{desk, gift, 500}, move{bulb, lamp, 10})
		require.Equal(t, []string{"bulb ALSO_VIEWED", "gift card ALSO_VIEWED"}, related(ctx, t, s, lamp, 2))
		require.NotContains(t, related(ctx, t, s, lamp, 100), "rare ALSO_VIEWED", "two readers are too few")
		require.Contains(t, related(ctx, t, s, bulb, 100), "lamp ALSO_VIEWED")
	})
}

func TestSimilarProductsFillUpAndThenTrendingOnes(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		sofa := create(ctx, t, s, ofBrand("Luuna", "sofa", "living room", "blue"))
		followed := create(ctx, t, s, ofBrand("Other", "followed"))
		armchair := create(ctx, t, s, ofBrand("Luuna", "armchair", "living room", "blue"))
		table := create(ctx, t, s, ofBrand("Nooz", "table", "living room"))
		pillow := create(ctx, t, s, ofBrand("Luuna", "pillow", "bedroom"))
		hot := create(ctx, t, s, ofBrand("Third", "hot"))
		warm := create(ctx, t, s, ofBrand("Third", "warm"))
		create(ctx, t, s, ofBrand("Third", "cold"))
		recordMoves(ctx, t, d, move{sofa, followed, 3})
		setTrend(ctx, t, d, hot, 50)
		setTrend(ctx, t, d, warm, 5)
		setTrend(ctx, t, d, sofa, 500)
		require.Equal(t, []string{
			"followed ALSO_VIEWED", "armchair SIMILAR", "table SIMILAR", "pillow SIMILAR", "hot TRENDING", "warm TRENDING",
		}, related(ctx, t, s, sofa, 0))
		require.Equal(t, related(ctx, t, s, sofa, 0)[:3], related(ctx, t, s, sofa, 3))
		for _, gone := range []*catalogv1.Product{followed, armchair, table, pillow, hot} {
			_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: gone.GetId()})
			require.NoError(t, err)
		}
		require.Equal(t, []string{"warm TRENDING"}, related(ctx, t, s, sofa, 0), "deleted products are not shown, from now on")
	})
}

func TestFewReadersSayWhichSimilarProductComesFirst(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		sofa := create(ctx, t, s, ofBrand("Luuna", "sofa", "blue"))
		create(ctx, t, s, ofBrand("Nooz", "chair", "blue"))
		table := create(ctx, t, s, ofBrand("Nooz", "table", "blue", "wood"))
		other := create(ctx, t, s, ofBrand("Else", "other"))
		require.Equal(t, []string{"chair SIMILAR", "table SIMILAR"}, related(ctx, t, s, sofa, 0))
		recordMoves(ctx, t, d, move{sofa, table, 1}, move{sofa, other, 2})
		require.Equal(t, []string{"table SIMILAR", "chair SIMILAR"}, related(ctx, t, s, sofa, 2), "another list than that before")
	})
}

func TestRelatedProductsOfWhatIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		deleted := create(ctx, t, s, sample("a", "A"))
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: deleted.GetId()})
		require.NoError(t, err)
		for _, id := range []string{deleted.GetId(), uuid.NewString()} {
			_, err := s.ListRelatedProducts(ctx, &catalogv1.ListRelatedProductsRequest{ProductId: id})
			require.True(t, fault.Is(err, fault.ProductNotFound), err)
		}
		alone := create(ctx, t, s, sample("b", "B"))
		require.Empty(t, related(ctx, t, s, alone, 0))
	})
}

func TestTrendingProducts(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		for i, sku := range []string{"c", "a", "b"} {
			setTrend(ctx, t, d, create(ctx, t, s, ofBrand("Brand "+sku, sku)), float64(10-i))
		}
		create(ctx, t, s, sample("unseen", "Unseen"))
		trending := func(filter string, size int32) []string {
			resp, err := s.ListTrendingProducts(ctx, &catalogv1.ListTrendingProductsRequest{Filter: filter, PageSize: size})
			require.NoError(t, err)
			return skus(resp.GetProducts())
		}
		require.Equal(t, []string{"c", "a", "b"}, trending("", 0))
		require.Equal(t, []string{"c"}, trending("", 1))
		require.Equal(t, []string{"a", "b"}, trending(`brand = "Brand a" OR brand = "Brand b"`, 0))
		_, err := s.ListTrendingProducts(ctx, &catalogv1.ListTrendingProductsRequest{Filter: "nothing = 1"})
		require.True(t, fault.Is(err, fault.FilterInvalid), err)
	})
}
