package notification

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	"github.com/zebrands/catalog/internal/db"
)

// period is the hour or day of a digest.
type period struct {
	start  time.Time
	length time.Duration
	layout string
}

func periodAt(frequency notificationpreference.Frequency, t time.Time) period {
	p := period{length: time.Hour, layout: "hourly/2006-01-02T15"}
	if frequency == notificationpreference.FrequencyDaily {
		p = period{length: 24 * time.Hour, layout: "daily/2006-01-02"}
	}
	p.start = t.UTC().Truncate(p.length)
	return p
}

func (p period) dedupKey() string { return p.start.Format(p.layout) }

func (p period) end() time.Time { return p.start.Add(p.length) }

func (p period) next() period {
	p.start = p.end()
	return p
}

// joinDigest adds the batch to the recipient's digest of the current hour or day, or to the next one if the current
// one is already being sent.
func (w *notifyWorker) joinDigest(
	ctx context.Context, tx *ent.Tx, batch *ent.NotificationBatch,
	recipient *ent.Admin, frequency notificationpreference.Frequency,
) error {
	for p := periodAt(frequency, tx.Clock.Now()); ; p = p.next() {
		digest, err := w.digest(ctx, tx, recipient, p)
		if err != nil {
			return fmt.Errorf("digest %s: %w", p.dedupKey(), err)
		}
		if digest.State != delivery.StatePending || digest.AttemptCount > 0 {
			continue
		}
		err = tx.Delivery.UpdateOne(digest).AddChangeCount(batch.ChangeCount).AddBatchIDs(batch.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("join digest %s: %w", p.dedupKey(), err)
		}
		return nil
	}
}

// digest returns the delivery of a digest, locked until the end of the transaction. It creates the delivery if needed,
// with the job that sends it at the end of the period.
func (w *notifyWorker) digest(ctx context.Context, tx *ent.Tx, recipient *ent.Admin, p period) (*ent.Delivery, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	err = tx.Delivery.Create().
		SetID(id).
		SetRecipientID(recipient.ID).
		SetRecipientEmail(recipient.Email).
		SetDedupKey(p.dedupKey()).
		SetMessageID(w.messageID(id.String())).
		SetScheduleTime(p.end()).
		OnConflictColumns(delivery.FieldRecipientID, delivery.FieldDedupKey).
		DoNothing().
		Exec(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // no row: it exists already
		return nil, err
	}
	query := tx.Delivery.Query().
		Where(delivery.RecipientID(recipient.ID), delivery.DedupKey(p.dedupKey()))
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	row, err := query.Only(ctx)
	if err != nil || row.ID != id {
		return row, err
	}
	return row, w.Queue.Insert(ctx, tx, deliverJob(p.end(), id))
}
