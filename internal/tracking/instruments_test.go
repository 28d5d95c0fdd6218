package tracking_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/zebrands/catalog/internal/clock"
	"github.com/zebrands/catalog/internal/tracking"
	"github.com/zebrands/catalog/test/dbtest"
)

// read returns the values of the instruments, by their names and attributes.
func read(t *testing.T, reader *sdkmetric.ManualReader) map[string]float64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &data))
	values := map[string]float64{}
	add := func(name string, attributes attribute.Set, value float64) {
		values[name+" "+attributes.Encoded(attribute.DefaultEncoder())] = value
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch points := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range points.DataPoints {
				add(m.Name, p.Attributes, float64(p.Value))
			}
		case metricdata.Gauge[int64]:
			for _, p := range points.DataPoints {
				add(m.Name, p.Attributes, float64(p.Value))
			}
		case metricdata.Gauge[float64]:
			for _, p := range points.DataPoints {
				add(m.Name, p.Attributes, p.Value)
			}
		}
	}
	return values
}

func TestWhatIsCountedIsMeasured(t *testing.T) {
	d, log := dbtest.New(t, "sqlite"), slog.New(slog.DiscardHandler)
	j := openJournal(t, t.TempDir())
	interceptor, err := tracking.NewInterceptor(j, clock.Machine(), log)
	require.NoError(t, err)
	rollup := tracking.NewRollup(d, j, log)
	reader := sdkmetric.NewManualReader()
	require.NoError(t, tracking.Observe(
		sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test"), interceptor, rollup))
	url := serveShop(t, interceptor, anonymous)

	call(t, url, "GetProduct", `{"sku":"lamp"}`, browser)
	call(t, url, "ListProducts", `{}`, robot)
	values := read(t, reader)
	require.InDelta(t, 1, values["catalog.tracking.reads catalog.tracking.bot=false,catalog.tracking.kind=view"], 0)
	require.InDelta(t, 2, values["catalog.tracking.reads catalog.tracking.bot=true,catalog.tracking.kind=impression"], 0)
	require.Zero(t, values["catalog.tracking.reads_lost "])
	require.Greater(t, values["catalog.tracking.journal.size "], 50.0)
	age := values["catalog.tracking.rollup.age "]
	require.Greater(t, age, 0.0)

	require.NoError(t, rollup.Flush(t.Context()))
	values = read(t, reader)
	require.Zero(t, values["catalog.tracking.journal.size "])

	require.NoError(t, j.Close())
	call(t, url, "ListProducts", `{}`, browser)
	require.Error(t, rollup.Flush(t.Context()))
	values = read(t, reader)
	require.InDelta(t, 2, values["catalog.tracking.reads_lost "], 0)
	require.NotContains(t, values, "catalog.tracking.journal.size ", "nobody knows it any more")
}
