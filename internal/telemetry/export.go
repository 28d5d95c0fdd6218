package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Names of exporters.
const (
	otlp    = "otlp"
	console = "console"
)

// otlpProtocol is the built-in protocol. Every collector supports it.
const otlpProtocol = "http/protobuf"

// Exporter configures the export of a signal.
type Exporter struct {
	// Name is the value of OTEL_…_EXPORTER: "otlp" or "console"; empty disables the export.
	Name string
	// Protocol is the value of OTEL_EXPORTER_OTLP_PROTOCOL or the signal's own variable: "http/protobuf" or empty. The
	// exporters read all other variables themselves.
	Protocol string
}

// check returns an error that names the variable with an unsupported value. A signal is "TRACES" or "METRICS".
func (e Exporter) check(signal string) error {
	switch {
	case e.Name != otlp && e.Name != console:
		return fmt.Errorf("OTEL_%s_EXPORTER: there is no exporter %q, but otlp, console, none "+
			"and, for metrics, prometheus", signal, e.Name)
	case e.Name == otlp && e.Protocol != "" && e.Protocol != otlpProtocol:
		return fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL (or OTEL_EXPORTER_OTLP_%s_PROTOCOL): %q is not built in; "+
			"use %s, which collectors take on port 4318", signal, e.Protocol, otlpProtocol)
	default:
		return nil
	}
}

// spans returns the exporter of traces.
func (e Exporter) spans(ctx context.Context) (sdktrace.SpanExporter, error) {
	if err := e.check("TRACES"); err != nil {
		return nil, err
	}
	if e.Name == console {
		return stdouttrace.New()
	}
	return otlptracehttp.New(ctx)
}

// reader returns the periodic exporter of metrics: OTEL_METRIC_EXPORT_INTERVAL.
func (e Exporter) reader(ctx context.Context) (sdkmetric.Reader, error) {
	if err := e.check("METRICS"); err != nil {
		return nil, err
	}
	var exporter sdkmetric.Exporter
	var err error
	if e.Name == console {
		exporter, err = stdoutmetric.New()
	} else {
		exporter, err = otlpmetrichttp.New(ctx)
	}
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(exporter), nil
}
