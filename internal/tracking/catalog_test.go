package tracking_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/tracking"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestCatalogSeriesSumsAllProducts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		lamp, sofa := addProduct(t, d, "lamp", true), addProduct(t, d, "sofa", false)
		addViews(t, d,
			ent.ProductView{ProductID: lamp, Hour: noon.Add(-13 * time.Hour), Views: 100},
			ent.ProductView{ProductID: lamp, Hour: noon, Views: 1, Impressions: 2, BotViews: 3, BotImpressions: 4},
			ent.ProductView{ProductID: sofa, Hour: noon, Views: 10, Impressions: 20},
			ent.ProductView{ProductID: sofa, Hour: noon.Add(time.Hour), Views: 5},
			ent.ProductView{ProductID: sofa, Hour: noon.Add(12 * time.Hour), Views: 1000},
		)
		service := tracking.NewService(d)
		req := &catalogv1.QueryCatalogViewsRequest{
			StartTime:   timestamppb.New(noon.Add(time.Minute)),
			EndTime:     timestamppb.New(noon.Add(2 * time.Hour)),
			Granularity: catalogv1.Granularity_GRANULARITY_HOUR,
		}
		resp, err := service.QueryCatalogViews(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, resp.GetPoints(), 2)
		for i, want := range [][4]int64{{11, 22, 3, 4}, {5, 0, 0, 0}} {
			p := resp.GetPoints()[i]
			require.Equal(t, noon.Add(time.Duration(i)*time.Hour), p.GetStartTime().AsTime())
			require.Equal(t, want, [4]int64{p.GetViews(), p.GetImpressions(), p.GetBotViews(), p.GetBotImpressions()})
		}
		require.Equal(t, [4]int64{16, 22, 3, 4}, [4]int64{
			resp.GetTotalViews(), resp.GetTotalImpressions(), resp.GetTotalBotViews(), resp.GetTotalBotImpressions(),
		})

		req.Granularity = catalogv1.Granularity_GRANULARITY_DAY
		resp, err = service.QueryCatalogViews(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, resp.GetPoints(), 1)
		require.EqualValues(t, 16, resp.GetTotalViews())
	})
}

func TestCatalogSeriesRejectsInvalidRanges(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	for name, req := range map[string]*catalogv1.QueryCatalogViewsRequest{
		"end_time": {StartTime: timestamppb.New(noon), EndTime: timestamppb.New(noon)},
		"start_time": {
			StartTime: timestamppb.New(noon.Add(-10_001 * time.Hour)), EndTime: timestamppb.New(noon),
			Granularity: catalogv1.Granularity_GRANULARITY_HOUR,
		},
	} {
		_, err := tracking.NewService(d).QueryCatalogViews(t.Context(), req)
		requireField(t, err, name)
	}
}

func TestLastUpdateIsWhenTheRollupLastAddedReads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		service := tracking.NewService(d)
		lastUpdate := func() *timestamppb.Timestamp {
			resp, err := service.QueryCatalogViews(t.Context(), &catalogv1.QueryCatalogViewsRequest{})
			require.NoError(t, err)
			return resp.GetLastUpdateTime()
		}
		require.Nil(t, lastUpdate())

		journal, err := tracking.OpenJournal(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, journal.Close()) })
		rollup := tracking.NewRollup(d, journal, slog.New(slog.DiscardHandler))
		read := tracking.Read{Time: noon, Products: []uuid.UUID{addProduct(t, d, "lamp", false)}}
		var before time.Time
		for range 3 {
			require.NoError(t, journal.Append(read))
			require.NoError(t, rollup.Flush(t.Context()))
			now := lastUpdate()
			require.NotNil(t, now)
			require.True(t, now.AsTime().After(before), "%v is after %v", now.AsTime(), before)
			before = now.AsTime()
		}
		require.NoError(t, rollup.Flush(t.Context()), "without reads")
		require.Equal(t, before, lastUpdate().AsTime())
	})
}

func TestTopProductsHavePreviousViews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		lamp, sofa := addProduct(t, d, "lamp", false), addProduct(t, d, "sofa", false)
		addViews(t, d,
			ent.ProductView{ProductID: lamp, Hour: noon, Views: 9},
			ent.ProductView{ProductID: sofa, Hour: noon, Views: 5},
			ent.ProductView{ProductID: lamp, Hour: noon.Add(-time.Hour), Views: 3},
			ent.ProductView{ProductID: lamp, Hour: noon.Add(-2 * time.Hour), Views: 4},
			ent.ProductView{ProductID: lamp, Hour: noon.Add(-3 * time.Hour), Views: 100},
		)
		service := tracking.NewService(d)
		resp, err := service.ListTopProducts(t.Context(), &catalogv1.ListTopProductsRequest{
			StartTime: timestamppb.New(noon), EndTime: timestamppb.New(noon.Add(2 * time.Hour)),
		})
		require.NoError(t, err)
		require.Len(t, resp.GetEntries(), 2)
		require.EqualValues(t, 7, resp.GetEntries()[0].GetPreviousViews())
		require.Zero(t, resp.GetEntries()[1].GetPreviousViews())

		// There is no time before the first.
		resp, err = service.ListTopProducts(t.Context(), &catalogv1.ListTopProductsRequest{
			StartTime: timestamppb.New(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), EndTime: timestamppb.New(noon.Add(time.Hour)),
		})
		require.NoError(t, err)
		require.EqualValues(t, 116, resp.GetEntries()[0].GetViews())
		require.Zero(t, resp.GetEntries()[0].GetPreviousViews())
	})
}

func TestUnviewedProductsAreLiveOnesWithoutAView(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		listed, viewed := addProduct(t, d, "listed", false), addProduct(t, d, "viewed", false)
		earlier, robots := addProduct(t, d, "earlier", false), addProduct(t, d, "robots", false)
		addProduct(t, d, "deleted", true)
		addProduct(t, d, "never", false)
		hour := time.Now().UTC().Truncate(time.Hour)
		addViews(t, d,
			ent.ProductView{ProductID: listed, Hour: hour, Impressions: 7},
			ent.ProductView{ProductID: viewed, Hour: hour, Views: 1},
			ent.ProductView{ProductID: earlier, Hour: hour.Add(-48 * time.Hour), Views: 1, Impressions: 1},
			ent.ProductView{ProductID: robots, Hour: hour, BotViews: 1, BotImpressions: 1},
		)
		service := tracking.NewService(d)
		req := &catalogv1.ListUnviewedProductsRequest{StartTime: timestamppb.New(hour.Add(-24 * time.Hour)), PageSize: 3}
		resp, err := service.ListUnviewedProducts(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, []string{"listed", "earlier", "robots"}, skus(resp))
		require.EqualValues(t, 7, resp.GetEntries()[0].GetImpressions())
		require.Zero(t, resp.GetEntries()[1].GetImpressions())
		require.EqualValues(t, 4, resp.GetTotalSize())

		req.PageToken = resp.GetNextPageToken()
		resp, err = service.ListUnviewedProducts(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, []string{"never"}, skus(resp))
		require.EqualValues(t, 4, resp.GetTotalSize())
		require.Empty(t, resp.GetNextPageToken())

		req.StartTime = timestamppb.New(hour)
		_, err = service.ListUnviewedProducts(t.Context(), req)
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "%v", err)

		resp, err = service.ListUnviewedProducts(t.Context(), &catalogv1.ListUnviewedProductsRequest{})
		require.NoError(t, err)
		require.Equal(t, []string{"listed", "robots", "never"}, skus(resp), "30 days hold the earlier view")

		resp, err = service.ListUnviewedProducts(t.Context(), &catalogv1.ListUnviewedProductsRequest{EndTime: timestamppb.New(noon)})
		require.NoError(t, err)
		require.Empty(t, resp.GetEntries(), "no product is that old")
	})
}

func TestUnviewedProductsRejectsEmptyRange(t *testing.T) {
	_, err := tracking.NewService(dbtest.New(t, "sqlite")).ListUnviewedProducts(context.Background(),
		&catalogv1.ListUnviewedProductsRequest{StartTime: timestamppb.New(noon), EndTime: timestamppb.New(noon)})
	requireField(t, err, "end_time")
}

func skus(resp *catalogv1.ListUnviewedProductsResponse) []string {
	var found []string
	for _, e := range resp.GetEntries() {
		found = append(found, e.GetProduct().GetSku())
	}
	return found
}
