package product_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/test/dbtest"
)

// each runs fn with a service on each database, in an administrator's context.
func each(t *testing.T, fn func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.HookProducts(history.NewHook())
		fn(t, asAdmin(t.Context(), "Ana"), newService(t, d), d)
	})
}

// newService returns a service with an active cache.
func newService(t testing.TB, d *db.DB) *product.Service {
	t.Helper()
	s, err := product.NewService(d, 1<<20)
	require.NoError(t, err)
	require.NoError(t, d.Watch(t.Context()))
	return s
}

func asAdmin(ctx context.Context, name string) context.Context {
	return auth.WithPrincipal(ctx, auth.Principal{AdminID: uuid.New(), Name: name})
}

// anonymous returns ctx without its administrator.
func anonymous(ctx context.Context) context.Context { return valueless{ctx} }

type valueless struct{ context.Context } //nolint:containedctx // it is one

func (valueless) Value(any) any { return nil }

// sample returns a valid product with a SKU and a name.
func sample(sku, name string) *catalogv1.Product {
	return &catalogv1.Product{
		Sku: sku, Name: name, Brand: "Acme", Price: &catalogv1.Money{Amount: "10.00", CurrencyCode: "MXN"},
	}
}

func create(ctx context.Context, t *testing.T, s *product.Service, p *catalogv1.Product) *catalogv1.Product {
	t.Helper()
	resp, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: p})
	require.NoError(t, err)
	return resp.GetProduct()
}

func get(ctx context.Context, t *testing.T, s *product.Service, id string) *catalogv1.Product {
	t.Helper()
	resp, err := s.GetProduct(ctx, byID(id))
	require.NoError(t, err)
	return resp.GetProduct()
}

func byID(id string) *catalogv1.GetProductRequest {
	return &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Id{Id: id}}
}

func bySKU(sku string) *catalogv1.GetProductRequest {
	return &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: sku}}
}

// requireFault requires err to be a fault with the reason, and returns it.
func requireFault(t *testing.T, err error, reason fault.Reason) *fault.Error {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, reason, f.Reason, "%v", f)
	return f
}

func violated(f *fault.Error) []string {
	names := make([]string, len(f.Violations))
	for i, v := range f.Violations {
		names[i] = v.Field
	}
	return names
}

func reasonOf(err error) fault.Reason {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Reason
	}
	return ""
}

// traced is a database that records its statements as they reach the driver.
type traced struct {
	*db.DB

	tracer trace.Tracer
	spans  *tracetest.SpanRecorder
}

func newTraced(t *testing.T, dialect string) traced {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	return traced{dbtest.New(t, dialect, db.Instrument(tracer, noop.Meter{})), tracer, spans}
}

// statements returns the texts of the statements that fn runs.
func (d traced) statements(ctx context.Context, fn func(ctx context.Context)) []string {
	before := len(d.spans.Ended())
	ctx, root := d.tracer.Start(ctx, "root")
	fn(ctx)
	root.End()
	var texts []string
	for _, span := range d.spans.Ended()[before:] {
		for _, attribute := range span.Attributes() {
			if attribute.Key == semconv.DBQueryTextKey {
				texts = append(texts, attribute.Value.AsString())
			}
		}
	}
	return texts
}
