package notification

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/productchange"
)

const (
	// maxLinks is the maximum number of links of a span, as in OpenTelemetry's default.
	maxLinks = 128
	// The catalog's own attributes.
	changesKey = attribute.Key("catalog.changes")
	batchKey   = attribute.Key("catalog.batch.id")
)

// linkCalls links the span of a notify job to the calls whose changes it took over from other notify jobs. The span's
// parent is the job's own call, whose changes have the time own. So one call's trace includes the mail, and the mail's
// trace links to all calls that it reports.
func (w *notifyWorker) linkCalls(
	ctx context.Context, tx *ent.Tx, span trace.Span, batch *ent.NotificationBatch, own time.Time,
) error {
	if !span.IsRecording() {
		return nil
	}
	span.SetAttributes(batchKey.String(batch.ID.String()), changesKey.Int(batch.ChangeCount))
	var changed []struct {
		Time time.Time `sql:"create_time"`
	}
	err := tx.ProductChange.Query().
		Where(productchange.BatchID(batch.ID), productchange.CreateTimeNEQ(own)).
		Unique(true).Limit(maxLinks).
		Select(productchange.FieldCreateTime).
		Scan(ctx, &changed)
	if err != nil {
		return fmt.Errorf("find calls: %w", err)
	}
	if len(changed) == 0 {
		return nil
	}
	calls, err := w.Queue.Calls(ctx, tx, batch.ActorID, insertChunk)
	if err != nil {
		return err
	}
	for _, c := range changed {
		if call, ok := calls[c.Time.UTC()]; ok {
			span.AddLink(trace.Link{SpanContext: call})
		}
	}
	return nil
}
