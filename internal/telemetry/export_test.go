package telemetry

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExportersThatAreNotThereAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"traces over gRPC":      {Options{Traces: Exporter{"otlp", "grpc"}}, `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL): "grpc" is not built in; use http/protobuf`},
		"metrics over gRPC":     {Options{Metrics: Exporter{"otlp", "grpc"}}, `OTEL_EXPORTER_OTLP_METRICS_PROTOCOL): "grpc" is not built in; use http/protobuf`},
		"traces to nowhere":     {Options{Traces: Exporter{Name: "zipkin"}}, `OTEL_TRACES_EXPORTER: there is no exporter "zipkin"`},
		"metrics to nowhere":    {Options{Metrics: Exporter{Name: "zipkin"}}, `OTEL_METRICS_EXPORTER: there is no exporter "zipkin"`},
		"traces over HTTP":      {Options{Traces: Exporter{"otlp", "http/protobuf"}}, ""},
		"metrics by default":    {Options{Metrics: Exporter{Name: "otlp"}}, ""},
		"both to the terminal":  {Options{Traces: Exporter{Name: "console"}, Metrics: Exporter{Name: "console"}}, ""},
		"the terminal has none": {Options{Traces: Exporter{"console", "grpc"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			telemetry, err := New(t.Context(), c.options, slog.New(slog.DiscardHandler))
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.True(t, telemetry.Enabled())
		})
	}
}
