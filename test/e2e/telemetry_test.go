package e2e

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

// collector takes what a program exports over OTLP.
type collector struct {
	url string

	mu       sync.Mutex
	resource map[string]string
	spans    []*tracev1.Span
	metrics  map[string]bool
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{resource: map[string]string{}, metrics: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var request collectortrace.ExportTraceServiceRequest
		if readMessage(t, w, r, &request) {
			c.addSpans(&request)
		}
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		var request collectormetrics.ExportMetricsServiceRequest
		if readMessage(t, w, r, &request) {
			c.addMetrics(&request)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func readMessage(t *testing.T, w http.ResponseWriter, r *http.Request, m proto.Message) bool {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, m)
	}
	if err != nil {
		t.Errorf("not OTLP: %v", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func (c *collector) addSpans(request *collectortrace.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range request.GetResourceSpans() {
		c.resource = attributes(r.GetResource().GetAttributes())
		for _, s := range r.GetScopeSpans() {
			c.spans = append(c.spans, s.GetSpans()...)
		}
	}
}

func (c *collector) addMetrics(request *collectormetrics.ExportMetricsServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range request.GetResourceMetrics() {
		for _, s := range r.GetScopeMetrics() {
			for _, m := range s.GetMetrics() {
				c.metrics[m.GetName()] = true
			}
		}
	}
}

// trace returns the spans of the trace that has a span of some name, in the order in which they began.
func (c *collector) trace(name string) []*tracev1.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.spans, func(s *tracev1.Span) bool { return s.GetName() == name })
	if i < 0 {
		return nil
	}
	var spans []*tracev1.Span
	for _, s := range c.spans {
		if bytes.Equal(s.GetTraceId(), c.spans[i].GetTraceId()) {
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b *tracev1.Span) int {
		return int(a.GetStartTimeUnixNano()) - int(b.GetStartTimeUnixNano())
	})
	return spans
}

func attributes(list []*common.KeyValue) map[string]string {
	values := map[string]string{}
	for _, a := range list {
		values[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return values
}

// named returns the only span of a name; its parent's name comes second.
func named(t *testing.T, spans []*tracev1.Span, name string) (span *tracev1.Span, parent string) {
	t.Helper()
	for _, s := range spans {
		if s.GetName() == name {
			require.Nil(t, span, "two spans %s", name)
			span = s
		}
	}
	require.NotNil(t, span, "no span %s", name)
	for _, s := range spans {
		if bytes.Equal(s.GetSpanId(), span.GetParentSpanId()) {
			parent = s.GetName()
		}
	}
	return span, parent
}

// TestOneTraceFromTheClickToTheMail has an administrator change a product, as the console would, and looks
// at the trace that reaches an OTLP collector, up to the call of Mailgun.
func TestOneTraceFromTheClickToTheMail(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			c := newCollector(t)
			m, err := fleet.StartMailgun(true)
			require.NoError(t, err)
			t.Cleanup(m.Stop)
			front, heard := listenIn(t, m)
			s := newServer(t, dialect, 2, append(m.Env(), "CATALOG_MAILGUN_BASE_URL="+front,
				"OTEL_EXPORTER_OTLP_ENDPOINT="+c.url, "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_METRIC_EXPORT_INTERVAL=200",
				"OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test")...)
			header := http.Header{"X-Request-Id": {"the-click"}, "Authorization": {"Bearer " + s.token(t, "admin")}}
			_, err = protocols()[0].call(t.Context(), s, "ProductService/CreateProduct", header,
				[]byte(`{"product": {"sku": "T-1", "name": "Lamp", "brand": "Luuna", "price": {"amount": "1.00", "currencyCode": "MXN"}}}`))
			require.NoError(t, err)

			const call = "catalog.v1.ProductService/CreateProduct"
			var spans []*tracev1.Span
			complete := func() bool {
				spans = c.trace(call)
				return slices.ContainsFunc(spans, func(s *tracev1.Span) bool { return s.GetName() == "process deliver" })
			}
			wait.For(t, complete)
			root, parent := named(t, spans, call)
			require.Empty(t, parent)
			require.Equal(t, tracev1.Span_SPAN_KIND_SERVER, root.GetKind())
			require.Equal(t, "the-click", attributes(root.GetAttributes())["catalog.request_id"])
			_, parent = named(t, spans, "INSERT products")
			require.Equal(t, "transaction", parent)
			for name, want := range map[string]string{
				"process notify": "transaction", "process deliver": "transaction", "send mail": "process deliver",
			} {
				span, parent := named(t, spans, name)
				require.Equal(t, want, parent, name)
				if name != "send mail" {
					require.Equal(t, "the-click", attributes(span.GetAttributes())["catalog.request_id"])
				}
			}
			post, parent := named(t, spans, "HTTP POST")
			require.Equal(t, "send mail", parent)
			require.Equal(t, tracev1.Span_SPAN_KIND_CLIENT, post.GetKind())
			require.Contains(t, attributes(post.GetAttributes())["url.full"], "/v3/example.com/messages")

			s.requireLogged(t, "the-click", root.GetTraceId())
			require.Empty(t, heard(), "the trace is nobody else's business")
			requireNoSecretsIn(t, spans)
			c.requireDescribed(t)
		})
	}
}

// listenIn returns the address of a server in front of Mailgun, and what that hears of traces.
func listenIn(t *testing.T, m *fleet.Mailgun) (front string, heard func() []string) {
	t.Helper()
	var target *url.URL
	for _, entry := range m.Env() {
		if address, ok := strings.CutPrefix(entry, "CATALOG_MAILGUN_BASE_URL="); ok {
			var err error
			target, err = url.Parse(address)
			require.NoError(t, err)
		}
	}
	var mu sync.Mutex
	var headers []string
	forward := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		for _, name := range []string{"Traceparent", "Tracestate", "Baggage"} {
			headers = append(headers, r.Header.Values(name)...)
		}
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return headers
	}
}

// requireLogged fails unless the log names the request and its trace on one line.
func (s *server) requireLogged(t *testing.T, request string, trace []byte) {
	t.Helper()
	want := "trace_id=" + hex.EncodeToString(trace)
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "request_id="+request) && strings.Contains(line, want) {
			return
		}
	}
	require.Fail(t, "no such line", "%s\n%s", want, s.log)
}

// requireNoSecretsIn fails if a span holds an argument of a statement or an address.
func requireNoSecretsIn(t *testing.T, spans []*tracev1.Span) {
	t.Helper()
	for _, span := range spans {
		for name, value := range attributes(span.GetAttributes()) {
			require.NotContains(t, value, "Lamp", "%s of %s", name, span.GetName())
			for _, a := range accounts {
				require.NotContains(t, value, a.email, "%s of %s", name, span.GetName())
			}
		}
	}
}

// requireDescribed fails unless the program has said who it is, and exported metrics.
func (c *collector) requireDescribed(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	require.Equal(t, "catalog", c.resource["service.name"])
	require.Equal(t, "test", c.resource["deployment.environment.name"])
	require.NotEmpty(t, c.resource["service.instance.id"])
	require.NotEmpty(t, c.resource["service.version"])
	c.mu.Unlock()
	wait.For(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.metrics["rpc.server.call.duration"] && c.metrics["catalog.mail.send.duration"] &&
			c.metrics["go.memory.used"]
	})
}

// TestTheLastSpansLeaveBeforeTheProgramEnds stops a server that has no reason to export yet.
func TestTheLastSpansLeaveBeforeTheProgramEnds(t *testing.T) {
	c := newCollector(t)
	s := newServer(t, "sqlite", 1, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.url,
		"OTEL_BSP_SCHEDULE_DELAY=600000", "OTEL_METRIC_EXPORT_INTERVAL=600000")
	s.token(t, "admin")
	require.Empty(t, c.trace("catalog.v1.AuthService/SignIn"))
	require.NoError(t, s.stop(t), "%s", s.log)
	require.NotEmpty(t, c.trace("catalog.v1.AuthService/SignIn"))
	require.True(t, c.metrics["rpc.server.call.duration"])
	require.NotContains(t, s.log.String(), "level=WARN")
}

// TestACollectorThatIsAwayHarmsNothing has the program export to where nobody listens.
func TestACollectorThatIsAwayHarmsNothing(t *testing.T) {
	s := newServer(t, "sqlite", 1, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY=10")
	s.token(t, "admin")
	start := time.Now()
	require.NoError(t, s.stop(t), "%s", s.log)
	require.Less(t, time.Since(start), 15*time.Second)
	require.Contains(t, s.log.String(), "the last traces and metrics were not exported")
}
