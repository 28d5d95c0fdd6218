package rpc_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/internal/telemetry"
)

const (
	remoteTrace = "0af7651916cd43dd8448eb211c80319c"
	remoteSpan  = "b7ad6b7169203331"
)

// observed has the metrics and traces of a server.
type observed struct {
	server

	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
}

func startObserved(t *testing.T, trust bool) observed {
	t.Helper()
	o := observed{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(o.spans))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.reader))
	instruments, err := rpc.NewInstruments(tracers.Tracer("test"), meters.Meter("test"),
		[]string{"catalog.v1.ProductService", "not.a.Service"}, []string{"/hook"}, trust)
	require.NoError(t, err)
	o.server = startWith(t, setup{instruments: instruments})
	return o
}

// span returns the only span, once the server is done.
func (o observed) span(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	o.Close()
	require.Len(t, o.spans.Ended(), 1)
	return o.spans.Ended()[0]
}

// counts returns how often each set of attributes of an instrument was recorded, once the server is done.
func (o observed) counts(t *testing.T, name string) map[string]int64 {
	t.Helper()
	o.Close()
	return o.collect(t, name)
}

// collect is counts so far.
func (o observed) collect(t *testing.T, name string) map[string]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, o.reader.Collect(t.Context(), &data))
	counts := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if m.Name != name {
			continue
		}
		switch points := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range points.DataPoints {
				counts[text(p.Attributes)] += int64(p.Count)
			}
		case metricdata.Sum[int64]:
			for _, p := range points.DataPoints {
				counts[text(p.Attributes)] += p.Value
			}
		}
	}
	return counts
}

func text(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

func TestEveryCallIsMeasured(t *testing.T) {
	o := startObserved(t, false)
	for _, sku := range []string{"a", "missing", "broken", "boom", "unwritable"} {
		o.post(t, `{"sku":"`+sku+`"}`)
	}
	o.do(t, http.MethodGet, getProduct+"?connect=v1&encoding=json&message="+url.QueryEscape(`{"sku":"same"}`), "")
	o.post(t, `no JSON`)
	o.post(t, `{"sku":"`+strings.Repeat("a", limit)+`"}`)
	o.do(t, http.MethodPost, "/catalog.v1.ProductService/Made", "{}", "Content-Type", "application/json")
	o.do(t, http.MethodPost, getProduct, "", "Content-Type", "application/grpc")
	const prefix = "rpc.method=catalog.v1.ProductService/GetProduct,rpc.response.status_code="
	require.Equal(t, map[string]int64{
		prefix + "OK,rpc.system.name=connectrpc":                                                                       2,
		"error.type=NOT_FOUND," + prefix + "NOT_FOUND,rpc.system.name=connectrpc":                                      1,
		"error.type=INTERNAL," + prefix + "INTERNAL,rpc.system.name=connectrpc":                                        3,
		"error.type=INVALID_ARGUMENT," + prefix + "INVALID_ARGUMENT,rpc.system.name=connectrpc":                        1,
		"error.type=RESOURCE_EXHAUSTED," + prefix + "RESOURCE_EXHAUSTED,rpc.system.name=connectrpc":                    1,
		"error.type=UNIMPLEMENTED,rpc.method=_OTHER,rpc.response.status_code=UNIMPLEMENTED,rpc.system.name=connectrpc": 1,
		"error.type=UNIMPLEMENTED," + prefix + "UNIMPLEMENTED,rpc.system.name=grpc":                                    1,
	}, o.counts(t, "rpc.server.call.duration"))
	errors := o.counts(t, "catalog.rpc.errors")
	require.EqualValues(t, 3, errors["catalog.reason=INTERNAL,rpc.method=catalog.v1.ProductService/GetProduct"])
	require.EqualValues(t, 1, errors["catalog.reason=METHOD_NOT_FOUND,rpc.method=_OTHER"])
	require.Equal(t, map[string]int64{
		"http.request.method=GET,url.scheme=http": 0, "http.request.method=POST,url.scheme=http": 0,
	}, o.counts(t, "http.server.active_requests"))
}

// TestStreamsAreMeasured proves that an open stream is a gauge, and that its duration is not one of a call.
func TestStreamsAreMeasured(t *testing.T) {
	o := startObserved(t, false)
	c := o.client(ways()[0], bearer(goodToken))
	stream, err := c.WatchProductChanges(t.Context(), &catalogv1.WatchProductChangesRequest{Cursor: "open"})
	require.NoError(t, err)
	require.True(t, stream.Receive(), "%v", stream.Err())
	const method = "rpc.method=catalog.v1.ProductService/WatchProductChanges"
	require.Equal(t, map[string]int64{method: 1}, o.collect(t, "catalog.rpc.streams"))
	o.streams.End()
	require.False(t, stream.Receive())
	require.NoError(t, stream.Close())
	_, err = watched(t.Context(), t, o.client(ways()[0], bearer("old")), "")
	require.Error(t, err)

	require.Equal(t, map[string]int64{method: 0}, o.counts(t, "catalog.rpc.streams"))
	require.Equal(t, map[string]int64{
		"error.type=UNAVAILABLE," + method + ",rpc.response.status_code=UNAVAILABLE,rpc.system.name=connectrpc": 1,
	}, o.counts(t, "catalog.rpc.stream.duration"))
	require.Equal(t, map[string]int64{
		"error.type=UNAUTHENTICATED," + method + ",rpc.response.status_code=UNAUTHENTICATED,rpc.system.name=connectrpc": 1,
	}, o.counts(t, "rpc.server.call.duration"), "a refused stream is a call")
}

func TestOtherRequestsAreMeasured(t *testing.T) {
	o := startObserved(t, false)
	o.do(t, http.MethodPost, "/hook", "")
	o.do(t, "BREW", "/hook", "")
	require.Equal(t, map[string]int64{
		"http.request.method=POST,http.response.status_code=200,http.route=/hook":   1,
		"http.request.method=_OTHER,http.response.status_code=200,http.route=/hook": 1,
	}, o.counts(t, "http.server.request.duration"))
	require.Len(t, o.spans.Ended(), 2)
	require.Equal(t, "POST /hook", o.spans.Ended()[0].Name())
}

func TestSpan(t *testing.T) {
	for name, c := range map[string]struct {
		sku        string
		status     codes.Code
		attributes []string
	}{
		"success":            {"a", codes.Unset, []string{"rpc.response.status_code=OK", "user.id=" + adminID.String()}},
		"the caller's fault": {"missing", codes.Unset, []string{"rpc.response.status_code=NOT_FOUND", "catalog.reason=PRODUCT_NOT_FOUND"}},
		"ours":               {"broken", codes.Error, []string{"rpc.response.status_code=INTERNAL", "catalog.reason=INTERNAL"}},
		"a panic":            {"boom", codes.Error, []string{"rpc.response.status_code=INTERNAL"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := startObserved(t, false)
			o.post(t, `{"sku":"`+c.sku+`"}`, "Authorization", "Bearer good", "X-Request-Id", "r1")
			span := o.span(t)
			require.Equal(t, "catalog.v1.ProductService/GetProduct", span.Name())
			require.Equal(t, trace.SpanKindServer, span.SpanKind())
			require.Equal(t, c.status, span.Status().Code)
			attributes := text(attribute.NewSet(span.Attributes()...))
			for _, want := range append(c.attributes, "catalog.request_id=r1", "rpc.system.name=connectrpc") {
				require.Contains(t, attributes, want)
			}
			require.NotContains(t, attributes+span.Status().Description, "secret", "causes stay in the log")
			entry := o.lastLog(t)
			require.Equal(t, span.SpanContext().TraceID().String(), entry["trace_id"])
			require.Equal(t, span.SpanContext().SpanID().String(), entry["span_id"])
		})
	}
}

func TestStrangersTracesAreLinked(t *testing.T) {
	o := startObserved(t, false)
	o.post(t, `{"sku":"a"}`, "Traceparent", "00-"+remoteTrace+"-"+remoteSpan+"-00")
	span := o.span(t)
	require.NotEqual(t, remoteTrace, span.SpanContext().TraceID().String())
	require.False(t, span.Parent().IsValid())
	require.True(t, span.SpanContext().IsSampled(), "the stranger does not decide")
	require.Len(t, span.Links(), 1)
	require.Equal(t, remoteTrace, span.Links()[0].SpanContext.TraceID().String())
}

func TestTrustedTracesGoOn(t *testing.T) {
	o := startObserved(t, true)
	o.post(t, `{"sku":"a"}`, "Traceparent", "00-"+remoteTrace+"-"+remoteSpan+"-01")
	span := o.span(t)
	require.Equal(t, remoteTrace, span.SpanContext().TraceID().String())
	require.Equal(t, remoteSpan, span.Parent().SpanID().String())
	require.Empty(t, span.Links())
}

// BenchmarkObserver measures the overhead of a request outside its handler.
func BenchmarkObserver(b *testing.B) {
	tracers := func(sampler sdktrace.Sampler) trace.Tracer {
		return sdktrace.NewTracerProvider(
			sdktrace.WithSampler(sampler), sdktrace.WithBatcher(tracetest.NewNoopExporter())).Tracer("test")
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())).Meter("test")
	for _, c := range []struct {
		name   string
		tracer trace.Tracer
	}{
		{"off", nil},
		{"metrics", tracenoop.Tracer{}},
		{"traces, not sampled", tracers(sdktrace.NeverSample())},
		{"traces", tracers(sdktrace.AlwaysSample())},
	} {
		b.Run(c.name, func(b *testing.B) {
			var instruments *rpc.Instruments
			if c.tracer != nil {
				var err error
				instruments, err = rpc.NewInstruments(c.tracer, meter, []string{"catalog.v1.ProductService"}, nil, false)
				require.NoError(b, err)
			}
			observer := rpc.Observer{Log: telemetry.NewLogger(io.Discard, slog.LevelInfo, false), Instruments: instruments}
			handler := observer.Wrap(rpc.Transport(limit, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, getProduct, http.NoBody)
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
