package rpc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/semconv/v1.43.0/rpcconv"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// other replaces unknown names in metrics, because callers can make names up (unbounded cardinality).
const other = "_OTHER"

// The catalog's own attributes.
const (
	requestIDKey = attribute.Key("catalog.request_id")
	reasonKey    = attribute.Key("catalog.reason")
)

// Instruments measure every request and create a span for each API call. They are outside of the interceptors, like
// the access log, so they include requests that cannot be decoded, and the time of decoding and encoding.
type Instruments struct {
	tracer trace.Tracer
	trust  bool
	named  map[string]*method // by path

	calls    metric.Float64Histogram
	refusals metric.Int64Counter
	requests metric.Float64Histogram
	active   metric.Int64UpDownCounter
	streams  metric.Int64UpDownCounter
	lifetime metric.Float64Histogram
	// actives are the attributes of active requests, by scheme and HTTP method.
	actives map[bool]map[string][]metric.AddOption
}

// method has the attributes for calls of one method. They are created once, by protocol and code.
type method struct {
	name    string
	options [2][connect.CodeUnauthenticated + 1]atomic.Pointer[[]metric.RecordOption]
}

var systems = [2]attribute.KeyValue{semconv.RPCSystemNameConnectrpc, semconv.RPCSystemNameGRPC}

// spanOptions are the options of every span.
var spanOptions = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// NewInstruments returns instruments for the methods of services. Requests to other paths get spans too. trust makes
// the request's traceparent header the parent of its span; otherwise the span is the root of a new trace, with a link
// to the header's.
func NewInstruments(
	tracer trace.Tracer, meter metric.Meter, services, paths []string, trust bool,
) (*Instruments, error) {
	i := &Instruments{tracer: tracer, trust: trust, named: map[string]*method{}}
	for _, service := range services {
		for _, m := range methodsOf(service) {
			path := pathOf(m)
			i.named[path] = &method{name: path[1:]}
		}
	}
	for _, path := range paths {
		i.named[path] = &method{name: http.MethodPost + " " + path}
	}
	i.actives = map[bool]map[string][]metric.AddOption{
		false: activeOptions(semconv.URLScheme("http")), true: activeOptions(semconv.URLScheme("https")),
	}
	if err := i.create(meter); err != nil {
		return nil, err
	}
	return i, nil
}

// methodsOf returns the methods of a service; none if it is unknown.
func methodsOf(service string) []protoreflect.MethodDescriptor {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil
	}
	descriptor, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil
	}
	methods := make([]protoreflect.MethodDescriptor, descriptor.Methods().Len())
	for n := range methods {
		methods[n] = descriptor.Methods().Get(n)
	}
	return methods
}

func pathOf(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// durations are the bucket boundaries of the duration histograms, in seconds. OpenTelemetry's defaults start at 5 ms,
// which is longer than most reads take here.
var durations = metric.WithExplicitBucketBoundaries(
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

// lifetimes are the bucket boundaries of the duration of streams, in seconds: from a second to a day.
var lifetimes = metric.WithExplicitBucketBoundaries(1, 10, 60, 300, 900, 1800, 3600, 4*3600, 12*3600, 24*3600)

func (i *Instruments) create(meter metric.Meter) error {
	var errs [6]error
	i.calls, errs[0] = meter.Float64Histogram(rpcconv.ServerCallDuration{}.Name(), metric.WithUnit("s"), durations,
		metric.WithDescription("How long calls of the API took, by method, code and system (connectrpc or grpc); "+
			"also those that could not be decoded, and streams that were refused."))
	i.refusals, errs[1] = meter.Int64Counter("catalog.rpc.errors", metric.WithUnit("{call}"),
		metric.WithDescription("Calls of the API that failed, by method and by reason, as in docs/errors.md."))
	i.requests, errs[2] = meter.Float64Histogram(httpconv.ServerRequestDuration{}.Name(), metric.WithUnit("s"), durations,
		metric.WithDescription("How long all other requests took (pages, webhooks, probes), by method, status and route."))
	i.active, errs[3] = meter.Int64UpDownCounter(httpconv.ServerActiveRequests{}.Name(), metric.WithUnit("{request}"),
		metric.WithDescription("Requests of both kinds that are under way, by HTTP method."))
	i.streams, errs[4] = meter.Int64UpDownCounter("catalog.rpc.streams", metric.WithUnit("{stream}"),
		metric.WithDescription("Streams that are open, by method."))
	i.lifetime, errs[5] = meter.Float64Histogram("catalog.rpc.stream.duration", metric.WithUnit("s"), lifetimes,
		metric.WithDescription("How long streams were open, by method, code and system, at their end. They are not "+
			"in rpc.server.call.duration."))
	return errors.Join(errs[:]...)
}

func activeOptions(scheme attribute.KeyValue) map[string][]metric.AddOption {
	options := map[string][]metric.AddOption{}
	for _, name := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, other,
	} {
		options[name] = []metric.AddOption{
			metric.WithAttributeSet(attribute.NewSet(semconv.HTTPRequestMethodKey.String(name), scheme)),
		}
	}
	return options
}

// methodName returns the HTTP method for metrics.
func (i *Instruments) methodName(r *http.Request) string {
	if _, known := i.actives[false][r.Method]; known {
		return r.Method
	}
	return other
}

// begin starts the measurement of a request, and returns its context with its span. Call end at the end.
func (i *Instruments) begin(ctx context.Context, r *http.Request) context.Context {
	if i == nil {
		return ctx
	}
	i.active.Add(ctx, 1, i.actives[r.TLS != nil][i.methodName(r)]...)
	m, ok := i.named[r.URL.Path]
	if !ok {
		return ctx
	}
	options := spanOptions
	if r.Header.Get("Traceparent") != "" {
		remote := propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
		if i.trust {
			ctx = remote
		} else {
			options = append(options[:1:1], trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(remote)))
		}
	}
	ctx, _ = i.tracer.Start(ctx, m.name, options...) //nolint:spancheck // end ends it
	return ctx
}

// open counts a stream until end.
func (i *Instruments) open(ctx context.Context, r *http.Request) {
	if i == nil {
		return
	}
	i.streams.Add(ctx, 1, metric.WithAttributes(semconv.RPCMethod(i.method(r).name)))
}

// method returns the method that a request calls.
func (i *Instruments) method(r *http.Request) *method {
	if m, ok := i.named[r.URL.Path]; ok {
		return m
	}
	return unnamed
}

// end measures a completed request, and ends its span. The request must have the context that begin returned.
func (i *Instruments) end(r *http.Request, c *call, status int, took time.Duration) {
	if i == nil {
		return
	}
	ctx := r.Context()
	i.active.Add(ctx, -1, i.actives[r.TLS != nil][i.methodName(r)]...)
	m := i.method(r)
	if m != unnamed {
		endSpan(trace.SpanFromContext(ctx), c, m, status)
	}
	if c.protocol == "" {
		i.requests.Record(ctx, took.Seconds(), metric.WithAttributes(
			semconv.HTTPRequestMethodKey.String(i.methodName(r)), semconv.HTTPResponseStatusCode(status),
			semconv.HTTPRoute(route(r))))
		return
	}
	if c.stream {
		i.streams.Add(ctx, -1, metric.WithAttributes(semconv.RPCMethod(m.name)))
		i.lifetime.Record(ctx, took.Seconds(), m.measured(c)...)
	} else {
		i.calls.Record(ctx, took.Seconds(), m.measured(c)...)
	}
	if c.reason != "" {
		i.refusals.Add(ctx, 1, metric.WithAttributes(semconv.RPCMethod(m.name), reasonKey.String(string(c.reason))))
	}
}

// unnamed is the method of calls of unknown methods.
var unnamed = &method{name: other}

// measured returns the attributes of a call for metrics.
func (m *method) measured(c *call) []metric.RecordOption {
	place := &m.options[c.system()][min(c.code, connect.CodeUnauthenticated)]
	if options := place.Load(); options != nil {
		return *options
	}
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(m.attributes(c)...))}
	place.Store(&options)
	return options
}

// attributes returns the attributes of a call for metrics and spans.
func (m *method) attributes(c *call) []attribute.KeyValue {
	code := strings.ToUpper(codeName(c.code))
	attributes := []attribute.KeyValue{
		systems[c.system()], semconv.RPCMethod(m.name), semconv.RPCResponseStatusCode(code),
	}
	if c.code != 0 {
		attributes = append(attributes, semconv.ErrorTypeKey.String(code))
	}
	return attributes
}

func (c *call) system() int {
	if c.protocol == connect.ProtocolConnect {
		return 0
	}
	return 1
}

// endSpan records the outcome of a request. Client errors are not errors of the span.
func endSpan(span trace.Span, c *call, m *method, status int) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(requestIDKey.String(c.requestID))
	if c.adminID != "" {
		span.SetAttributes(semconv.UserID(c.adminID))
	}
	if c.protocol == "" {
		span.SetAttributes(semconv.HTTPResponseStatusCode(status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(otelcodes.Error, "")
		}
		return
	}
	span.SetAttributes(m.attributes(c)...)
	if c.reason != "" {
		span.SetAttributes(reasonKey.String(string(c.reason)))
	}
	switch c.code {
	case connect.CodeUnknown, connect.CodeDeadlineExceeded, connect.CodeUnimplemented, connect.CodeInternal,
		connect.CodeUnavailable, connect.CodeDataLoss:
		span.SetStatus(otelcodes.Error, string(c.reason))
	default:
	}
}

// route returns the pattern that the request's path matched, without the HTTP method.
func route(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	if !found {
		path = r.Pattern
	}
	return path
}
