// Package telemetry sets up logs, traces and metrics. Log lines carry the ids of their request, job and trace,
// and no e-mail address in full. Measurements stand beside the code that they are about, which is given a
// trace.Tracer and a metric.Meter.
//
// Nothing here is global but the handler of OpenTelemetry's own errors, which has no other place.
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

// scope is the name of the instrumentation in everything that is exported.
const scope = "github.com/zebrands/catalog"

// scrapeTimeout is how long an answer to Prometheus may take.
const scrapeTimeout = 10 * time.Second

// Options say what is wanted. The zero Options want nothing.
type Options struct {
	// Traces and Metrics say how they are exported.
	Traces, Metrics Exporter
	// Scrape says whether metrics are served by Handler.
	Scrape bool
	// Roles are those that the process takes.
	Roles []string
}

// Telemetry is where traces and metrics go. The zero Telemetry takes them nowhere, at hardly any cost.
type Telemetry struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	metrics http.Handler
	// shutdown ends the providers.
	shutdown []func(context.Context) error
}

// New starts what the options want. Shutdown ends it. Returns an error if a variable OTEL_… makes no sense.
func New(ctx context.Context, options Options, log *slog.Logger) (*Telemetry, error) {
	t := &Telemetry{}
	if options.Traces.Name == "" && options.Metrics.Name == "" && !options.Scrape {
		return t, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.WarnContext(context.WithoutCancel(ctx), "telemetry is not whole", "error", err)
	}))
	if err := t.start(ctx, options); err != nil {
		return nil, errors.Join(fmt.Errorf("telemetry: %w", err), t.Shutdown(ctx))
	}
	return t, nil
}

// To returns a Telemetry that takes metrics to a provider of the caller's, and traces nowhere.
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

// readers returns what reads the metrics.
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

// describe returns what the process says about itself; the variables OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES have the last word. The command line stays out: it may hold secrets.
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
		otel.Handle(err) // what is known is good enough
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe the process: %w", err)
	}
	return self, nil
}

// describeProcess registers the instruments that are about the process itself.
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

// Enabled reports whether traces or metrics go anywhere.
func (t *Telemetry) Enabled() bool { return t.tracers != nil || t.meters != nil }

// Tracer returns what makes spans: of all calls of the API and all jobs, if traces are exported.
func (t *Telemetry) Tracer() trace.Tracer {
	if t.tracers == nil {
		return tracenoop.Tracer{}
	}
	return t.tracers.Tracer(scope)
}

// Meter returns what makes instruments. If nobody reads them, they do nothing.
func (t *Telemetry) Meter() metric.Meter {
	if t.meters == nil {
		return metricnoop.Meter{}
	}
	return t.meters.Meter(scope)
}

// Handler returns what serves metrics to Prometheus; nil if Options.Scrape was not set.
func (t *Telemetry) Handler() http.Handler { return t.metrics }

// Shutdown exports what is still waiting, until ctx is done. Nothing is exported afterwards.
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
