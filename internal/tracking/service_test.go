package tracking_test

import (
	"context"
	"math"
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

// addProduct inserts a product directly into its table.
func addProduct(t *testing.T, d *db.DB, sku string, deleted bool) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		create := tx.Product.Create().SetSku(sku).SetName(sku).SetBrand("Acme").
			SetPriceMinor(100).SetPriceExponent(2).SetCurrency("MXN").
			SetSkuKey([]byte(sku)).SetNameKey([]byte(sku)).SetBrandKey([]byte("acme")).SetSearchText(sku)
		if deleted {
			create.SetDeleteTime(noon)
		}
		p, err := create.Save(ctx)
		if err == nil {
			id = p.ID
		}
		return err
	}))
	return id
}

func addViews(t *testing.T, d *db.DB, rows ...ent.ProductView) {
	t.Helper()
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		for _, r := range rows {
			if err := tx.ProductView.Create().SetProductID(r.ProductID).SetHour(r.Hour).
				SetViews(r.Views).SetImpressions(r.Impressions).
				SetBotViews(r.BotViews).SetBotImpressions(r.BotImpressions).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestSeriesHasAPointForEveryHour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id, other := addProduct(t, d, "lamp", true), addProduct(t, d, "sofa", false)
		addViews(t, d,
			ent.ProductView{ProductID: id, Hour: noon.Add(-time.Hour), Views: 100},
			ent.ProductView{ProductID: id, Hour: noon, Views: 1, Impressions: 2, BotViews: 3, BotImpressions: 4},
			ent.ProductView{ProductID: id, Hour: noon.Add(2 * time.Hour), Views: 10, Impressions: 20},
			ent.ProductView{ProductID: id, Hour: noon.Add(3 * time.Hour), Views: 100},
			ent.ProductView{ProductID: other, Hour: noon, Views: 100},
		)
		resp, err := tracking.NewService(d).QueryProductViews(t.Context(), &catalogv1.QueryProductViewsRequest{
			ProductId:   id.String(),
			StartTime:   timestamppb.New(noon.Add(59 * time.Minute)),
			EndTime:     timestamppb.New(noon.Add(2*time.Hour + time.Nanosecond)),
			Granularity: catalogv1.Granularity_GRANULARITY_HOUR,
		})
		require.NoError(t, err)
		require.Len(t, resp.GetPoints(), 3)
		for i, want := range [][4]int64{{1, 2, 3, 4}, {}, {10, 20, 0, 0}} {
			p := resp.GetPoints()[i]
			require.Equal(t, noon.Add(time.Duration(i)*time.Hour), p.GetStartTime().AsTime())
			require.Equal(t, want, [4]int64{p.GetViews(), p.GetImpressions(), p.GetBotViews(), p.GetBotImpressions()})
		}
		require.Equal(t, [4]int64{11, 22, 3, 4}, [4]int64{
			resp.GetTotalViews(), resp.GetTotalImpressions(), resp.GetTotalBotViews(), resp.GetTotalBotImpressions(),
		})
	})
}

func TestSeriesByDayIsTheDefault(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := addProduct(t, d, "lamp", false)
		now := time.Now().UTC()
		addViews(t, d, ent.ProductView{ProductID: id, Hour: now.Truncate(time.Hour), Views: 5})
		resp, err := tracking.NewService(d).QueryProductViews(t.Context(),
			&catalogv1.QueryProductViewsRequest{ProductId: id.String()})
		require.NoError(t, err)
		require.Len(t, resp.GetPoints(), 31, "30 days touch 31")
		require.EqualValues(t, 5, resp.GetTotalViews())
	})
}

func TestSeriesAtTheEndsOfTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := addProduct(t, d, "lamp", false)
		last := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
		addViews(t, d, ent.ProductView{ProductID: id, Hour: last.Truncate(time.Hour), Views: 7})
		for _, end := range []time.Time{last, time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)} {
			resp, err := tracking.NewService(d).QueryProductViews(t.Context(),
				&catalogv1.QueryProductViewsRequest{ProductId: id.String(), EndTime: timestamppb.New(end)})
			require.NoError(t, err)
			for _, p := range resp.GetPoints() {
				require.NoError(t, p.GetStartTime().CheckValid())
			}
			require.Equal(t, end.Year() == 9999, resp.GetTotalViews() == 7)
		}
	})
}

func TestInvalidRangesAreRejected(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	id := addProduct(t, d, "lamp", false)
	at := timestamppb.New
	for name, test := range map[string]struct {
		from, to *timestamppb.Timestamp
		field    string
	}{
		"empty":               {at(noon), at(noon), "end_time"},
		"inverted":            {at(noon), at(noon.Add(-time.Hour)), "end_time"},
		"in the future":       {at(time.Now().Add(time.Hour)), nil, "start_time"},
		"too many points":     {at(noon.Add(-10_000*time.Hour - 1)), at(noon), "start_time"},
		"longer than int64":   {at(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), at(noon), "start_time"},
		"start out of range":  {&timestamppb.Timestamp{Seconds: math.MinInt64}, at(noon), "start_time"},
		"end out of range":    {nil, &timestamppb.Timestamp{Seconds: math.MaxInt64}, "end_time"},
		"nanos out of range":  {&timestamppb.Timestamp{Nanos: -1}, nil, "start_time"},
		"nothing before this": {nil, at(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), "end_time"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tracking.NewService(d).QueryProductViews(t.Context(), &catalogv1.QueryProductViewsRequest{
				ProductId: id.String(), StartTime: test.from, EndTime: test.to,
				Granularity: catalogv1.Granularity_GRANULARITY_HOUR,
			})
			requireField(t, err, test.field)
			if name != "too many points" && name != "longer than int64" {
				_, err = tracking.NewService(d).ListTopProducts(t.Context(),
					&catalogv1.ListTopProductsRequest{StartTime: test.from, EndTime: test.to})
				requireField(t, err, test.field)
			}
		})
	}
}

func requireField(t *testing.T, err error, field string) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.FieldInvalid, f.Reason)
	require.Equal(t, field, f.Violations[0].Field)
}

func TestSeriesOfUnknownProductIsNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, err := tracking.NewService(d).QueryProductViews(t.Context(),
			&catalogv1.QueryProductViewsRequest{ProductId: uuid.NewString()})
		require.True(t, fault.Is(err, fault.ProductNotFound), "%v", err)
	})
}

func TestTopProductsAreOrderedByViewsThenImpressions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first, second := addProduct(t, d, "first", false), addProduct(t, d, "second", true)
		third, robots := addProduct(t, d, "third", false), addProduct(t, d, "robots", false)
		addViews(t, d,
			ent.ProductView{ProductID: third, Hour: noon, Views: 1, Impressions: 1},
			ent.ProductView{ProductID: second, Hour: noon, Views: 1, Impressions: 9},
			ent.ProductView{ProductID: first, Hour: noon, Views: 1},
			ent.ProductView{ProductID: first, Hour: noon.Add(time.Hour), Views: math.MaxInt64 / 2},
			ent.ProductView{ProductID: third, Hour: noon.Add(-time.Hour), Views: 1000},
			ent.ProductView{ProductID: third, Hour: noon.Add(2 * time.Hour), Views: 1000},
			ent.ProductView{ProductID: robots, Hour: noon, BotViews: 1000},
			ent.ProductView{ProductID: uuid.Must(uuid.NewV7()), Hour: noon, Views: 5}, // not in the database
		)
		req := &catalogv1.ListTopProductsRequest{
			StartTime: timestamppb.New(noon.Add(time.Minute)), EndTime: timestamppb.New(noon.Add(61 * time.Minute)),
		}
		resp, err := tracking.NewService(d).ListTopProducts(t.Context(), req)
		require.NoError(t, err)
		var skus []string
		for _, e := range resp.GetEntries() {
			skus = append(skus, e.GetProduct().GetSku())
		}
		require.Equal(t, []string{"first", "second", "third"}, skus)
		require.EqualValues(t, math.MaxInt64/2+1, resp.GetEntries()[0].GetViews())
		require.EqualValues(t, 9, resp.GetEntries()[1].GetImpressions())
		require.NotNil(t, resp.GetEntries()[1].GetProduct().GetDeleteTime())

		req.PageSize = 1
		resp, err = tracking.NewService(d).ListTopProducts(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, resp.GetEntries(), 1)
	})
}

func TestTopProductsOfAQuietTimeAreNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		resp, err := tracking.NewService(d).ListTopProducts(t.Context(), &catalogv1.ListTopProductsRequest{})
		require.NoError(t, err)
		require.Empty(t, resp.GetEntries())
	})
}
