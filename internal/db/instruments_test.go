package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// instrumented is a database with metrics and traces of its statements.
type instrumented struct {
	*db.DB

	tracer trace.Tracer
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
}

func eachInstrumented(t *testing.T, fn func(t *testing.T, d instrumented)) {
	t.Helper()
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			d := instrumented{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
			d.tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(d.spans)).Tracer("test")
			meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(d.reader)).Meter("test")
			d.DB = dbtest.New(t, name, db.Instrument(d.tracer, meter))
			fn(t, d)
		})
	}
}

// trace runs fn in a trace and returns the spans of its statements.
func (d instrumented) trace(t *testing.T, fn func(ctx context.Context)) []sdktrace.ReadOnlySpan {
	t.Helper()
	ctx, root := d.tracer.Start(t.Context(), "root")
	before := len(d.spans.Ended())
	fn(ctx)
	root.End()
	spans := d.spans.Ended()[before:]
	for _, span := range spans {
		require.Equal(t, root.SpanContext().TraceID(), span.SpanContext().TraceID())
	}
	return spans[:len(spans)-1]
}

func names(spans []sdktrace.ReadOnlySpan) []string {
	var names []string
	for _, span := range spans {
		names = append(names, span.Name())
	}
	return names
}

func attributeOf(span sdktrace.ReadOnlySpan, key attribute.Key) string {
	set := attribute.NewSet(span.Attributes()...)
	value, _ := set.Value(key)
	return value.String()
}

func TestStatementsAreTraced(t *testing.T) {
	eachInstrumented(t, func(t *testing.T, d instrumented) {
		spans := d.trace(t, func(ctx context.Context) {
			require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
				return dbtest.NewProduct(tx, "hunter2").Exec(ctx)
			}))
			d.Reader().Product.Query().Where(product.Sku("hunter2")).OnlyX(ctx)
		})
		require.Equal(t, []string{"BEGIN", "INSERT products", "COMMIT", "transaction", "SELECT products"}, names(spans))
		require.Equal(t, spans[3].SpanContext().SpanID(), spans[1].Parent().SpanID())
		require.Equal(t, trace.SpanKindClient, spans[4].SpanKind())
		require.Contains(t, attributeOf(spans[4], "db.query.text"), "FROM ")
		for _, span := range spans {
			set := attribute.NewSet(span.Attributes()...)
			require.NotContains(t, set.Encoded(attribute.DefaultEncoder()), "hunter2")
		}
	})
}

func TestFailedStatementsTellTheirCodeAlone(t *testing.T) {
	eachInstrumented(t, func(t *testing.T, d instrumented) {
		add := func(ctx context.Context) error {
			return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
				return tx.Admin.Create().SetName("Ana").SetEmail("ana@example.com").SetPasswordHash("hash").Exec(ctx)
			})
		}
		require.NoError(t, add(t.Context()))
		spans := d.trace(t, func(ctx context.Context) { require.Error(t, add(ctx)) })
		require.Equal(t, []string{"BEGIN", "INSERT admins", "ROLLBACK", "transaction"}, names(spans))
		require.Equal(t, codes.Error, spans[1].Status().Code)
		require.Empty(t, spans[1].Status().Description)
		require.Empty(t, spans[1].Events())
		require.Contains(t, []string{"23505", "2067"}, attributeOf(spans[1], "error.type"))
		require.Equal(t, codes.Error, spans[3].Status().Code)
	})
}

func TestOnlyRecordedTracesHaveSpans(t *testing.T) {
	eachInstrumented(t, func(t *testing.T, d instrumented) {
		d.Reader().Product.Query().AllX(t.Context())
		never := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("test")
		ctx, span := never.Start(t.Context(), "not sampled")
		d.Reader().Product.Query().AllX(ctx)
		span.End()
		require.Empty(t, d.spans.Ended())
	})
}

func TestStatementsAndPoolsAreMeasured(t *testing.T) {
	eachInstrumented(t, func(t *testing.T, d instrumented) {
		_, err := d.Reader().Product.Get(t.Context(), uuid.New())
		require.True(t, ent.IsNotFound(err))
		_, err = d.SQL().ExecContext(t.Context(), "\n-- a comment\n-- more\n update products SET brand = brand")
		require.NoError(t, err)
		_, err = d.SQL().ExecContext(t.Context(), "nonsense")
		require.Error(t, err)

		var data metricdata.ResourceMetrics
		require.NoError(t, d.reader.Collect(t.Context(), &data))
		var operations, instruments []string
		for _, m := range data.ScopeMetrics[0].Metrics {
			instruments = append(instruments, m.Name)
			if points, ok := m.Data.(metricdata.Histogram[float64]); ok {
				for _, p := range points.DataPoints {
					operation, _ := p.Attributes.Value("db.operation.name")
					failure, _ := p.Attributes.Value("error.type")
					operations = append(operations, strings.TrimSpace(operation.String()+" "+failure.String()))
				}
			}
		}
		for _, want := range []string{"SELECT", "UPDATE"} {
			require.Contains(t, operations, want)
		}
		require.True(t, slices.Contains(operations, "_OTHER 42601") || slices.Contains(operations, "_OTHER 1"), operations)
		for _, want := range []string{
			"db.client.operation.duration", "db.client.connection.count", "db.client.connection.max",
			"catalog.db.connection.waits", "catalog.db.connection.wait_time",
		} {
			require.Contains(t, instruments, want)
		}
	})
}
