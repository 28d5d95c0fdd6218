package notification_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/queue"
)

// TestAMailIsInTheTraceOfOneCallAndLinkedToTheOthers has one administrator make three changes, which become one mail,
// and another make one.
func TestAMailIsInTheTraceOfOneCallAndLinkedToTheOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		spans := tracetest.NewSpanRecorder()
		tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
		var err error
		w.queue, err = queue.New(w.db, slog.New(slog.DiscardHandler), queue.Instrument(tracer, metricnoop.Meter{}))
		require.NoError(t, err)
		call := func(by *ent.Admin, sku string) trace.SpanContext {
			ctx, span := tracer.Start(w.as(by), "call")
			defer span.End()
			w.tx(ctx, func(ctx context.Context, tx *ent.Tx) error { return draft(tx, sku).Exec(ctx) })
			return span.SpanContext()
		}
		calls := []trace.SpanContext{call(w.ana, "SKU-1"), call(w.ana, "SKU-2"), call(w.ana, "SKU-3")}
		other := call(w.luis, "SKU-4")
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 4 && w.allIn(delivery.StateSent) })
		w.untilIdle()

		linked, delivered := map[trace.TraceID][]trace.SpanContext{}, map[trace.TraceID]int{}
		for _, span := range spans.Ended() {
			id := span.SpanContext().TraceID()
			for _, link := range span.Links() {
				require.Equal(t, "process notify", span.Name())
				linked[id] = append(linked[id], link.SpanContext.WithRemote(false))
			}
			if span.Name() == "process deliver" {
				delivered[id]++
			}
		}
		require.Equal(t, 1, delivered[other.TraceID()])
		require.Empty(t, linked[other.TraceID()])
		var its, others []trace.SpanContext
		for _, c := range calls { // the order of the three jobs is undefined
			if delivered[c.TraceID()] == 1 {
				its = linked[c.TraceID()]
			} else {
				others = append(others, c)
			}
		}
		require.Len(t, others, 2)
		require.ElementsMatch(t, others, its)
	})
}
