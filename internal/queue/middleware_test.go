package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/internal/telemetry"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/logs"
)

func TestJobsGoOnWithTheRequestAndItsTrace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		spans, reader, logged := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader(), &logs.Log{}
		tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
		meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
		log := telemetry.NewLogger(logged, slog.LevelInfo, false)
		q, err := queue.New(d, log, queue.Instrument(tracer, meter))
		require.NoError(t, err)
		events := work(t, q, func(ctx context.Context, job *river.Job[stepArgs]) error {
			log.InfoContext(ctx, "working")
			switch {
			case job.Args.N == 1:
				return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
					return q.Insert(ctx, tx, queue.Job{Args: stepArgs{N: 2}})
				})
			case job.Attempt == 1:
				return errors.New("not yet")
			case job.Attempt == 2:
				panic("not yet")
			case !strings.Contains(string(job.Metadata), "snoozes"):
				return river.JobSnooze(time.Millisecond)
			}
			return nil
		})

		ctx, call := tracer.Start(telemetry.WithRequestID(t.Context(), "r1"), "call")
		require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
			return q.Insert(ctx, tx, queue.Job{Args: stepArgs{N: 1}})
		}))
		call.End()
		for _, want := range []river.EventKind{
			river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobFailed, river.EventKindJobCompleted,
		} {
			require.Equal(t, want, next(t, events).Kind)
		}

		runs := spans.Ended()[1:]
		require.Len(t, runs, 5)
		require.Equal(t, call.SpanContext().SpanID(), runs[0].Parent().SpanID())
		outcomes := map[string]int{}
		for i, run := range runs {
			require.Equal(t, call.SpanContext().TraceID(), run.SpanContext().TraceID())
			require.Equal(t, trace.SpanKindConsumer, run.SpanKind())
			if i > 0 {
				require.Equal(t, runs[0].SpanContext().SpanID(), run.Parent().SpanID(), "inserted by the first job")
			}
			for _, a := range run.Attributes() {
				if a.Key == "catalog.job.outcome" {
					outcomes[a.Value.AsString()]++
				}
			}
			failed := i == 1 || i == 2
			require.Equal(t, failed, run.Status().Code == codes.Error)
		}
		require.Equal(t, map[string]int{"done": 2, "failed": 1, "panicked": 1, "snoozed": 1}, outcomes)
		require.Equal(t, outcomes, measured(t, reader))
		requireLines(t, logged.String(), call)
	})
}

// measured returns the number of measured attempts, by outcome.
func measured(t *testing.T, reader *sdkmetric.ManualReader) map[string]int {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &data))
	runs := map[string]int{}
	for _, p := range data.ScopeMetrics[0].Metrics[0].Data.(metricdata.Histogram[float64]).DataPoints {
		outcome, _ := p.Attributes.Value("catalog.job.outcome")
		runs[outcome.AsString()] += int(p.Count)
	}
	return runs
}

// requireLines fails unless every line that is not River's own has the ids of the job, the request and the trace.
func requireLines(t *testing.T, logged string, call trace.Span) {
	t.Helper()
	var failures int
	for line := range strings.Lines(logged) {
		if strings.Contains(line, "panic recovery") { // River's own line about a panic
			continue
		}
		for _, want := range []string{
			"job_kind=step", "job_id=", "request_id=r1", "trace_id=" + call.SpanContext().TraceID().String(), "span_id=",
		} {
			require.Contains(t, line, want)
		}
		if strings.Contains(line, `msg="job failed"`) || strings.Contains(line, `msg="job panicked"`) {
			failures++
		}
	}
	require.Equal(t, 2, failures)
}
