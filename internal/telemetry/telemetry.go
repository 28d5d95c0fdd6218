// Package telemetry sets up logs, traces and metrics. Log lines have the ids of their request, job and trace, and no
// unmasked e-mail address. Instruments are defined in the packages that they measure, which get a trace.Tracer and a
// metric.Meter.
//
// The only global is the handler of OpenTelemetry's own errors, which OpenTelemetry does not allow elsewhere.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/zebrands/catalog/internal/build"
)

// scope is the name of the instrumentation scope.
const scope = "github.com/zebrands/catalog"

// scrapeTimeout is the timeout of a Prometheus scrape.
const scrapeTimeout = 10 * time.Second

// Options configure telemetry. The zero Options disable it.
type Options struct {
	// Traces and Metrics configure the exports.
	Traces, Metrics Exporter
	// Scrape enables Handler.
	Scrape bool
	// Roles are the roles of the process.
	Roles []string
}

// Telemetry holds the providers of traces and metrics. The zero Telemetry discards both, at almost no cost.
type Telemetry struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	metrics http.Handler
	// shutdown shuts the providers down.
	shutdown []func(context.Context) error
}

// New starts telemetry; Shutdown stops it. Returns an error if an OTEL_… variable is invalid.
func New(ctx context.Context, options Options, log *slog.Logger) (*Telemetry, error) {
	t := &Telemetry{}
	if options.Traces.Name == "" && options.Metrics.Name == "" && !options.Scrape {
		return t, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.WarnContext(context.WithoutCancel(ctx), "telemetry error", "error", err)
	}))
	if err := t.start(ctx, options); err != nil {
		return nil, errors.Join(fmt.Errorf("telemetry: %w", err), t.Shutdown(ctx))
	}
	return t, nil
}

// To returns a Telemetry that sends metrics to the caller's provider, and discards traces.
func To(meters metric.MeterProvider) (*Telemetry, error) {
	t := &Telemetry{meters: meters}
	if err := t.describeProcess(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Telemetry) start(ctx context.Context, options Options) error {
	self, err := describe(ctx, options.Roles)
	if err != nil {
		return err
	}
	if options.Traces.Name != "" {
		exporter, err := options.Traces.spans(ctx)
		if err != nil {
			return fmt.Errorf("export traces: %w", err)
		}
		tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(self))
		t.tracers, t.shutdown = tracers, append(t.shutdown, tracers.Shutdown)
	}
	if options.Metrics.Name == "" && !options.Scrape {
		return nil
	}
	readers, err := t.readers(ctx, options)
	if err != nil {
		return err
	}
	meters := sdkmetric.NewMeterProvider(append(readers, sdkmetric.WithResource(self))...)
	t.meters, t.shutdown = meters, append(t.shutdown, meters.Shutdown)
	return t.describeProcess()
}

// readers returns the readers of metrics.
func (t *Telemetry) readers(ctx context.Context, options Options) ([]sdkmetric.Option, error) {
	var readers []sdkmetric.Option
	if options.Metrics.Name != "" {
		reader, err := options.Metrics.reader(ctx)
		if err != nil {
			return nil, fmt.Errorf("export metrics: %w", err)
		}
		readers = append(readers, sdkmetric.WithReader(reader))
	}
	if options.Scrape {
		registry := prometheus.NewRegistry()
		t.metrics = promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry, Timeout: scrapeTimeout})
		reader, err := promexporter.New(promexporter.WithRegisterer(registry), promexporter.WithoutScopeInfo())
		if err != nil {
			return nil, fmt.Errorf("serve metrics: %w", err)
		}
		readers = append(readers, sdkmetric.WithReader(reader))
	}
	return readers, nil
}

// describe returns the resource attributes of the process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override
// them. It omits the command line, which may contain secrets.
func describe(ctx context.Context, roles []string) (*resource.Resource, error) {
	self, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithContainer(),
		resource.WithAttributes(
			semconv.ServiceName("catalog"),
			semconv.ServiceVersion(build.Read().Version),
			semconv.ServiceInstanceID(uuid.NewString()),
			attribute.StringSlice("catalog.roles", roles),
		),
		resource.WithFromEnv(),
	)
	if errors.Is(err, resource.ErrPartialResource) || errors.Is(err, resource.ErrSchemaURLConflict) {
		otel.Handle(err) // a partial resource is good enough
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe the process: %w", err)
	}
	return self, nil
}

// describeProcess registers the instruments of the process itself.
func (t *Telemetry) describeProcess() error {
	if err := runtime.Start(runtime.WithMeterProvider(t.meters)); err != nil {
		return fmt.Errorf("measure the runtime: %w", err)
	}
	info := build.Read()
	attributes := metric.WithAttributes(attribute.String("catalog.version", info.Version),
		attribute.String("catalog.revision", info.Revision), attribute.String("go.version", info.Go))
	_, err := t.Meter().Int64ObservableGauge("catalog.build.info",
		metric.WithDescription("Always 1: version, revision and go.version say what runs."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(1, attributes)
			return nil
		}))
	if err != nil {
		return fmt.Errorf("measure the build: %w", err)
	}
	return nil
}

// Enabled reports whether traces or metrics are recorded.
func (t *Telemetry) Enabled() bool { return t.tracers != nil || t.meters != nil }

// Tracer returns the tracer. It records all API calls and jobs if traces are exported.
func (t *Telemetry) Tracer() trace.Tracer {
	if t.tracers == nil {
		return tracenoop.Tracer{}
	}
	return t.tracers.Tracer(scope)
}

// Meter returns the meter. Without a reader its instruments do nothing.
func (t *Telemetry) Meter() metric.Meter {
	if t.meters == nil {
		return metricnoop.Meter{}
	}
	return t.meters.Meter(scope)
}

// Handler returns the Prometheus endpoint; nil if Options.Scrape was not set.
func (t *Telemetry) Handler() http.Handler { return t.metrics }

// Shutdown flushes pending data, until ctx is done. Nothing is exported afterwards.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	errs := make([]error, 0, len(t.shutdown))
	for _, end := range t.shutdown {
		errs = append(errs, end(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	return nil
}
