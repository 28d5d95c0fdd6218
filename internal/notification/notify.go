package notification

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/notificationpreference"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/productchange"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
)

// notifyWorker batches an administrator's changes into deliveries.
type notifyWorker struct {
	worker[queue.NotifyArgs]
	Deps
}

// Work batches the changes, unless an earlier job of the same administrator did.
func (w *notifyWorker) Work(ctx context.Context, job *river.Job[queue.NotifyArgs]) error {
	span := trace.SpanFromContext(ctx)
	return w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return w.notify(ctx, tx, span, job.Args)
	})
}

func (w *notifyWorker) notify(ctx context.Context, tx *ent.Tx, span trace.Span, args queue.NotifyArgs) error {
	unbatched := []predicate.ProductChange{
		productchange.ActorID(args.ActorID), productchange.BatchIDIsNil(),
	}
	own, err := tx.ProductChange.Query().
		Where(unbatched...).
		Where(productchange.CreateTimeLTE(args.ChangeTime)).
		Exist(ctx)
	if err != nil || !own {
		return err
	}
	if left, err := lockChanges(ctx, tx, unbatched); err != nil || !left {
		return err
	}
	batch, err := tx.NotificationBatch.Create().SetActorID(args.ActorID).SetChangeCount(0).Save(ctx)
	if err != nil {
		return fmt.Errorf("make a batch: %w", err)
	}
	count, err := tx.ProductChange.Update().Where(unbatched...).SetBatchID(batch.ID).Save(ctx)
	if err != nil {
		return fmt.Errorf("take changes: %w", err)
	}
	if batch, err = batch.Update().SetChangeCount(count).Save(ctx); err != nil {
		return fmt.Errorf("count changes: %w", err)
	}
	if err := w.linkCalls(ctx, tx, span, batch, args.ChangeTime); err != nil {
		return err
	}
	return w.address(ctx, tx, batch)
}

// lockChanges locks changes, and reports whether any are left. Of two concurrent jobs, the second waits for the first
// and then finds the rest. It locks in a fixed order, unlike an UPDATE, which prevents deadlocks.
func lockChanges(ctx context.Context, tx *ent.Tx, which []predicate.ProductChange) (bool, error) {
	if !db.LocksRows(ctx) {
		return true, nil
	}
	ids, err := tx.ProductChange.Query().Where(which...).Order(productchange.ByID()).ForUpdate().IDs(ctx)
	if err != nil {
		return false, fmt.Errorf("lock changes: %w", err)
	}
	return len(ids) > 0, nil
}

// address creates the deliveries of a batch: one to every other active administrator.
func (w *notifyWorker) address(ctx context.Context, tx *ent.Tx, batch *ent.NotificationBatch) error {
	recipients, err := tx.Admin.Query().
		Where(active(), admin.IDNEQ(batch.ActorID)).
		Order(admin.ByID()). // a fixed lock order for digests prevents deadlocks
		All(ctx)
	if err != nil {
		return fmt.Errorf("find recipients: %w", err)
	}
	digests, err := digestPreferences(ctx, tx)
	if err != nil {
		return err
	}
	var immediate []*ent.Admin
	for _, recipient := range recipients {
		frequency, isDigest := digests[recipient.ID]
		if !isDigest {
			immediate = append(immediate, recipient)
			continue
		}
		if err := w.joinDigest(ctx, tx, batch, recipient, frequency); err != nil {
			return err
		}
	}
	return w.mailNow(ctx, tx, batch, immediate)
}

// digestPreferences returns the frequencies of the administrators who chose a digest.
func digestPreferences(ctx context.Context, tx *ent.Tx) (map[uuid.UUID]notificationpreference.Frequency, error) {
	rows, err := tx.NotificationPreference.Query().
		Where(notificationpreference.FrequencyNEQ(notificationpreference.FrequencyImmediate)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find preferences: %w", err)
	}
	frequencies := make(map[uuid.UUID]notificationpreference.Frequency, len(rows))
	for _, row := range rows {
		frequencies[row.ID] = row.Frequency
	}
	return frequencies, nil
}

// batchPrefix is the prefix of the dedup_key of deliveries about one batch. They have the same content.
const batchPrefix = "batch/"

// mailNow creates the deliveries for immediate recipients. They share a message, and a job for each batch that the
// mailer accepts in one call.
func (w *notifyWorker) mailNow(
	ctx context.Context, tx *ent.Tx, batch *ent.NotificationBatch, recipients []*ent.Admin,
) error {
	for chunk := range slices.Chunk(recipients, min(w.Mailer.BatchSize(), insertChunk)) {
		rows := make([]*ent.DeliveryCreate, len(chunk))
		for i, recipient := range chunk {
			rows[i] = tx.Delivery.Create().
				SetRecipientID(recipient.ID).
				SetRecipientEmail(recipient.Email).
				SetDedupKey(batchPrefix + batch.ID.String()).
				SetMessageID(w.messageID(batch.ID.String())).
				SetChangeCount(batch.ChangeCount).
				AddBatchIDs(batch.ID)
		}
		deliveries, err := tx.Delivery.CreateBulk(rows...).Save(ctx)
		if err != nil {
			return fmt.Errorf("write deliveries: %w", err)
		}
		if err := w.Queue.Insert(ctx, tx, deliverJob(time.Time{}, idsOf(deliveries)...)); err != nil {
			return err
		}
	}
	return nil
}

func deliverJob(at time.Time, ids ...uuid.UUID) queue.Job {
	return queue.Job{Args: queue.DeliverArgs{DeliveryIDs: ids}, At: at, MaxAttempts: endless}
}

func idsOf(deliveries []*ent.Delivery) []uuid.UUID {
	ids := make([]uuid.UUID, len(deliveries))
	for i, d := range deliveries {
		ids[i] = d.ID
	}
	return ids
}
