package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/otlptranslator"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
)

// instrument is what the table says of a metric.
type instrument struct {
	kind, unit, description string
	translated              otlptranslator.MetricType
}

// recorder is a metric.MeterProvider that notes which instruments are made.
type recorder struct {
	metricnoop.MeterProvider

	mu          sync.Mutex
	instruments map[string]instrument
}

func (r *recorder) table(t *testing.T) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	namer := otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)
	var table strings.Builder
	table.WriteString("| metric | in Prometheus | kind | what it is |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(r.instruments)) {
		i := r.instruments[name]
		require.NotEmpty(t, i.description, name)
		there, err := namer.Build(otlptranslator.Metric{Name: name, Unit: i.unit, Type: i.translated})
		require.NoError(t, err)
		kind := i.kind
		if i.unit != "" && !strings.HasPrefix(i.unit, "{") {
			kind += ", " + i.unit
		}
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", name, there, kind, i.description)
	}
	return table.String()
}

// Meter returns a meter that notes what it makes.
func (r *recorder) Meter(string, ...metric.MeterOption) metric.Meter {
	return recordingMeter{recorder: r}
}

type recordingMeter struct {
	metricnoop.Meter

	recorder *recorder
}

func (m recordingMeter) note(name, kind string, translated otlptranslator.MetricType, c interface {
	Unit() string
	Description() string
},
) {
	m.recorder.mu.Lock()
	defer m.recorder.mu.Unlock()
	m.recorder.instruments[name] = instrument{kind, c.Unit(), c.Description(), translated}
}

const (
	counter   = otlptranslator.MetricTypeMonotonicCounter
	upDown    = otlptranslator.MetricTypeNonMonotonicCounter
	gauge     = otlptranslator.MetricTypeGauge
	histogram = otlptranslator.MetricTypeHistogram
)

func (m recordingMeter) Int64Counter(name string, o ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	m.note(name, "counter", counter, metric.NewInt64CounterConfig(o...))
	return m.Meter.Int64Counter(name, o...)
}

func (m recordingMeter) Int64UpDownCounter(
	name string, o ...metric.Int64UpDownCounterOption,
) (metric.Int64UpDownCounter, error) {
	m.note(name, "gauge", upDown, metric.NewInt64UpDownCounterConfig(o...))
	return m.Meter.Int64UpDownCounter(name, o...)
}

func (m recordingMeter) Int64ObservableCounter(
	name string, o ...metric.Int64ObservableCounterOption,
) (metric.Int64ObservableCounter, error) {
	m.note(name, "counter", counter, metric.NewInt64ObservableCounterConfig(o...))
	return m.Meter.Int64ObservableCounter(name, o...)
}

func (m recordingMeter) Int64ObservableUpDownCounter(
	name string, o ...metric.Int64ObservableUpDownCounterOption,
) (metric.Int64ObservableUpDownCounter, error) {
	m.note(name, "gauge", upDown, metric.NewInt64ObservableUpDownCounterConfig(o...))
	return m.Meter.Int64ObservableUpDownCounter(name, o...)
}

func (m recordingMeter) Int64ObservableGauge(
	name string, o ...metric.Int64ObservableGaugeOption,
) (metric.Int64ObservableGauge, error) {
	m.note(name, "gauge", gauge, metric.NewInt64ObservableGaugeConfig(o...))
	return m.Meter.Int64ObservableGauge(name, o...)
}

func (m recordingMeter) Float64Histogram(
	name string, o ...metric.Float64HistogramOption,
) (metric.Float64Histogram, error) {
	m.note(name, "histogram", histogram, metric.NewFloat64HistogramConfig(o...))
	return m.Meter.Float64Histogram(name, o...)
}

func (m recordingMeter) Float64ObservableCounter(
	name string, o ...metric.Float64ObservableCounterOption,
) (metric.Float64ObservableCounter, error) {
	m.note(name, "counter", counter, metric.NewFloat64ObservableCounterConfig(o...))
	return m.Meter.Float64ObservableCounter(name, o...)
}

func (m recordingMeter) Float64ObservableGauge(
	name string, o ...metric.Float64ObservableGaugeOption,
) (metric.Float64ObservableGauge, error) {
	m.note(name, "gauge", gauge, metric.NewFloat64ObservableGaugeConfig(o...))
	return m.Meter.Float64ObservableGauge(name, o...)
}

// The kinds that nothing makes yet. Whoever does hears that the table would lack it.

func unknown(name string) error {
	return fmt.Errorf("%s is of a kind that the table does not know", name)
}

func (recordingMeter) Int64Histogram(name string, _ ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	return metricnoop.Int64Histogram{}, unknown(name)
}

func (recordingMeter) Int64Gauge(name string, _ ...metric.Int64GaugeOption) (metric.Int64Gauge, error) {
	return metricnoop.Int64Gauge{}, unknown(name)
}

func (recordingMeter) Float64Counter(name string, _ ...metric.Float64CounterOption) (metric.Float64Counter, error) {
	return metricnoop.Float64Counter{}, unknown(name)
}

func (recordingMeter) Float64UpDownCounter(
	name string, _ ...metric.Float64UpDownCounterOption,
) (metric.Float64UpDownCounter, error) {
	return metricnoop.Float64UpDownCounter{}, unknown(name)
}

func (recordingMeter) Float64Gauge(name string, _ ...metric.Float64GaugeOption) (metric.Float64Gauge, error) {
	return metricnoop.Float64Gauge{}, unknown(name)
}

func (recordingMeter) Float64ObservableUpDownCounter(
	name string, _ ...metric.Float64ObservableUpDownCounterOption,
) (metric.Float64ObservableUpDownCounter, error) {
	return metricnoop.Float64ObservableUpDownCounter{}, unknown(name)
}
