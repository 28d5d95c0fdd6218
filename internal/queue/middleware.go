package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/messagingconv"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/zebrands/catalog/internal/telemetry"
)

// The catalog's own attributes.
const (
	kindKey    = attribute.Key("catalog.job.kind")
	idKey      = attribute.Key("catalog.job.id")
	attemptKey = attribute.Key("catalog.job.attempt")
	outcomeKey = attribute.Key("catalog.job.outcome")
	requestKey = attribute.Key("catalog.request_id")
)

// The outcomes of an attempt of a job.
const (
	outcomeDone      = "done"
	outcomeSnoozed   = "snoozed"
	outcomeCancelled = "cancelled"
	outcomeFailed    = "failed"
	outcomePanicked  = "panicked"
)

// Option configures New.
type Option func(*middleware)

// Instrument adds metrics of jobs, and a span for each attempt.
func Instrument(tracer trace.Tracer, meter metric.Meter) Option {
	return func(m *middleware) { m.tracer, m.meter = tracer, meter }
}

// middleware wraps every attempt of a job: it restores request id and trace from the job's metadata, and logs,
// measures and traces the outcome.
type middleware struct {
	river.MiddlewareDefaults

	log      *slog.Logger
	tracer   trace.Tracer
	meter    metric.Meter
	duration metric.Float64Histogram
}

func newMiddleware(log *slog.Logger, options ...Option) (*middleware, error) {
	m := &middleware{log: log, tracer: tracenoop.Tracer{}, meter: metricnoop.Meter{}}
	for _, option := range options {
		option(m)
	}
	var err error
	m.duration, err = m.meter.Float64Histogram(messagingconv.ProcessDuration{}.Name(), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
		metric.WithDescription("How long jobs ran, by kind and outcome (done, snoozed, cancelled, failed, panicked)."))
	if err != nil {
		return nil, fmt.Errorf("measure jobs: %w", err)
	}
	return m, nil
}

// Work runs an attempt of a job.
func (m *middleware) Work(ctx context.Context, job *rivertype.JobRow, run func(context.Context) error) (err error) {
	carried := carriedBy(job.Metadata)
	attrs := []slog.Attr{slog.Int64("job_id", job.ID), slog.String("job_kind", job.Kind)}
	if id := carried[requestIDKey]; id != "" {
		ctx = telemetry.WithRequestID(ctx, id)
	}
	ctx = propagation.TraceContext{}.Extract(telemetry.With(ctx, attrs...), carried)
	what := []attribute.KeyValue{
		semconv.MessagingSystemKey.String("river"), semconv.MessagingOperationName("process"),
		semconv.MessagingDestinationName(job.Queue), kindKey.String(job.Kind),
	}
	ctx, span := m.tracer.Start(ctx, "process "+job.Kind, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(what...), trace.WithAttributes(semconv.MessagingOperationTypeProcess,
			idKey.Int64(job.ID), attemptKey.Int(job.Attempt), requestKey.String(carried[requestIDKey])))
	start := time.Now()
	outcome := outcomePanicked
	defer func() {
		if p := recover(); p != nil {
			m.log.ErrorContext(ctx, "job panicked", append(tries(job), "panic", p, "stack", string(debug.Stack()))...)
			defer panic(p) // River records it as a failure
		}
		result := outcomeKey.String(outcome)
		m.duration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(append(what, result)...))
		span.SetAttributes(result)
		if outcome == outcomeFailed || outcome == outcomePanicked {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}()
	err = run(ctx)
	if outcome = outcomeOf(err); outcome == outcomeFailed {
		m.log.WarnContext(ctx, "job failed", append(tries(job), "error", err)...)
	}
	return err
}

// outcomeOf returns the outcome of an attempt that returned err.
func outcomeOf(err error) string {
	if err == nil {
		return outcomeDone
	}
	if _, ok := errors.AsType[*rivertype.JobSnoozeError](err); ok {
		return outcomeSnoozed
	}
	if _, ok := errors.AsType[*rivertype.JobCancelError](err); ok {
		return outcomeCancelled
	}
	return outcomeFailed
}

func tries(job *rivertype.JobRow) []any {
	return []any{"attempt", job.Attempt, "max_attempts", job.MaxAttempts}
}
