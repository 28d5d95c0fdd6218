package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/telemetry"
)

// requestIDKey is the key of the request id in a job's metadata.
const requestIDKey = "request_id"

// metadataOf returns the context that a job carries from its insertion to its execution: the request id, and the span
// as the fields traceparent and tracestate. Jobs that a job inserts carry the same request id and the job's span, so a
// trace leads from a request to the last job.
func metadataOf(ctx context.Context) []byte {
	carried := propagation.MapCarrier{}
	if id := telemetry.RequestID(ctx); id != "" {
		carried[requestIDKey] = id
	}
	propagation.TraceContext{}.Inject(ctx, carried)
	if len(carried) == 0 {
		return nil
	}
	metadata, err := json.Marshal(carried)
	if err != nil { // strings always marshal
		return nil
	}
	return metadata
}

// carriedBy returns the carrier in a job's metadata.
func carriedBy(metadata []byte) propagation.MapCarrier {
	var fields map[string]any
	if json.Unmarshal(metadata, &fields) != nil {
		return nil
	}
	carried := propagation.MapCarrier{}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			carried[name] = text
		}
	}
	return carried
}

// spanIn returns the span that inserted a job, from its metadata; an invalid one if there was none.
func spanIn(ctx context.Context, metadata []byte) trace.SpanContext {
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContext{}) // the caller's span is not the job's
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, carriedBy(metadata)))
}

// Calls returns the spans that inserted an administrator's pending notify jobs, at most limit, ordered by the time of
// their changes. It omits untraced ones.
func (q *Queue) Calls(
	ctx context.Context, tx *ent.Tx, actor uuid.UUID, limit int,
) (map[time.Time]trace.SpanContext, error) {
	columns := "args, metadata"
	if q.db.Dialect() == dialect.SQLite { // can be JSONB
		columns = "json(args), json(metadata)"
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+columns+" FROM river_job WHERE kind = 'notify'"+
		" AND state IN ('available', 'retryable', 'running', 'scheduled')"+
		" AND args ->> 'actor_id' = $1 LIMIT $2", actor.String(), limit)
	if err != nil {
		return nil, fmt.Errorf("find jobs: %w", err)
	}
	defer rows.Close()
	calls := map[time.Time]trace.SpanContext{}
	for rows.Next() {
		var args, metadata []byte
		if err := rows.Scan(&args, &metadata); err != nil {
			return nil, fmt.Errorf("find jobs: %w", err)
		}
		var job NotifyArgs
		if span := spanIn(ctx, metadata); span.IsValid() && json.Unmarshal(args, &job) == nil {
			calls[job.ChangeTime.UTC()] = span
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find jobs: %w", err)
	}
	return calls, nil
}
