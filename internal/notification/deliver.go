package notification

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

const (
	// reclaimWait is how long to wait for deliveries that another job has just begun to send.
	reclaimWait = time.Second
	// textInactive says why a delivery to somebody who left is not sent.
	textInactive = "the recipient is no longer an active administrator"
)

// deliverWorker sends deliveries.
type deliverWorker struct {
	river.WorkerDefaults[queue.DeliverArgs]
	Deps
}

// NextRetry is for failures of the database. Those of the mail server are in the deliveries.
func (*deliverWorker) NextRetry(job *river.Job[queue.DeliverArgs]) time.Time {
	return time.Now().Add(backoff(job.Attempt))
}

// Work sends what is still pending of the job's deliveries.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[queue.DeliverArgs]) error {
	if wait, err := w.settle(ctx, job.Args.DeliveryIDs); err != nil || wait > 0 {
		return snooze(wait, err)
	}
	c, err := w.claim(ctx, job.Args.DeliveryIDs)
	if err != nil || len(c.deliveries) == 0 {
		return err
	}
	m, err := w.compose(c)
	if err != nil {
		w.Log.ErrorContext(ctx, "mail cannot be composed", "message_id", c.deliveries[0].MessageID, "error", err)
		e := &mail.Error{Kind: mail.Temporary, Message: "the mail could not be composed; the log says why"}
		return snooze(w.notSent(ctx, c.deliveries, e))
	}
	id, err := w.Mailer.Send(ctx, m)
	ctx = context.WithoutCancel(ctx) // what happened is noted even while the program stops
	if err != nil {
		return snooze(w.notSent(ctx, c.deliveries, mail.AsError(err)))
	}
	return w.sent(ctx, c.deliveries, id)
}

// snooze makes River work the job again later, without counting an attempt.
func snooze(wait time.Duration, err error) error {
	if err != nil || wait <= 0 {
		return err
	}
	return river.JobSnooze(wait)
}

// claimed is what one call of the mailer is about.
type claimed struct {
	deliveries []*ent.Delivery
	recipients map[uuid.UUID]*ent.Admin
	content    content
}

// claim marks the pending deliveries as being sent, and reads what they say. Those whose recipient is
// no longer active fail. If they do not fit into one message, the rest gets jobs of its own.
func (w *deliverWorker) claim(ctx context.Context, ids []uuid.UUID) (c claimed, err error) {
	err = w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		c = claimed{}
		pending, err := lockPending(ctx, tx, ids)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(pending, func(d *ent.Delivery) bool { return d.AttemptTime != nil }) {
			return river.JobSnooze(reclaimWait)
		}
		if pending, c.recipients, err = failInactive(ctx, tx, pending); err != nil || len(pending) == 0 {
			return err
		}
		if c.deliveries, err = w.splitOff(ctx, tx, pending); err != nil {
			return err
		}
		if c.content, err = readContent(ctx, tx, c.deliveries[0]); err != nil {
			return err
		}
		err = tx.Delivery.Update().
			Where(delivery.IDIn(idsOf(c.deliveries)...)).
			SetAttemptTime(now()).
			AddAttemptCount(1).
			SetLastError("").
			Exec(ctx)
		countTry(c.deliveries)
		return err
	})
	if snoozed, ok := errors.AsType[*river.JobSnoozeError](err); ok { // InTx has wrapped it
		return claimed{}, snoozed
	}
	return c, err
}

// countTry notes that a try was counted in the database.
func countTry(deliveries []*ent.Delivery) {
	for _, d := range deliveries {
		d.AttemptCount++
	}
}

// lockPending returns the deliveries that are still to be sent, locked until the transaction ends.
func lockPending(ctx context.Context, tx *ent.Tx, ids []uuid.UUID) ([]*ent.Delivery, error) {
	query := tx.Delivery.Query().
		Where(delivery.IDIn(ids...), delivery.StateEQ(delivery.StatePending)).
		Order(delivery.ByID())
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	return query.All(ctx)
}

// failInactive marks deliveries whose recipient is no longer active as failed, and returns the others
// and their recipients. Mails go to the address that an administrator has now.
func failInactive(
	ctx context.Context, tx *ent.Tx, pending []*ent.Delivery,
) ([]*ent.Delivery, map[uuid.UUID]*ent.Admin, error) {
	ids := make([]uuid.UUID, len(pending))
	for i, d := range pending {
		ids[i] = d.RecipientID
	}
	admins, err := tx.Admin.Query().Where(active(), admin.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	recipients := make(map[uuid.UUID]*ent.Admin, len(admins))
	for _, a := range admins {
		recipients[a.ID] = a
	}
	var left, gone []*ent.Delivery
	for _, d := range pending {
		a, ok := recipients[d.RecipientID]
		switch {
		case !ok:
			gone = append(gone, d)
			continue
		case a.Email != d.RecipientEmail:
			if err := tx.Delivery.UpdateOne(d).SetRecipientEmail(a.Email).Exec(ctx); err != nil {
				return nil, nil, err
			}
			d.RecipientEmail = a.Email
		}
		left = append(left, d)
	}
	if len(gone) == 0 {
		return left, recipients, nil
	}
	return left, recipients, tx.Delivery.Update().
		Where(delivery.IDIn(idsOf(gone)...)).
		SetState(delivery.StateFailed).
		SetLastError(textInactive).
		Exec(ctx)
}

// splitOff returns the deliveries that fit into one message with the first. The others get jobs of their
// own: those tried again by hand, which have an ID of their own, and those over the mailer's limit.
func (w *deliverWorker) splitOff(ctx context.Context, tx *ent.Tx, all []*ent.Delivery) ([]*ent.Delivery, error) {
	var together []*ent.Delivery
	var others []queue.Job
	for _, d := range all {
		if d.MessageID == all[0].MessageID && len(together) < w.Mailer.BatchSize() {
			together = append(together, d)
		} else {
			others = append(others, deliverJob(time.Time{}, d.ID))
		}
	}
	return together, w.Queue.Insert(ctx, tx, others...)
}

func (w *deliverWorker) compose(c claimed) (mail.Message, error) {
	first := c.deliveries[0]
	m := mail.Message{ID: first.MessageID, Time: first.CreateTime, From: w.From, Tag: tagChanges}
	for _, d := range c.deliveries {
		m.To = append(m.To, netmail.Address{Name: c.recipients[d.RecipientID].Name, Address: d.RecipientEmail})
	}
	m.Subject = c.content.subject()
	var err error
	if m.Text, m.HTML, err = render(changesTemplate, c.content.view(w.PublicURL, first.DedupKey)); err != nil {
		return mail.Message{}, fmt.Errorf("compose: %w", err)
	}
	return m, nil
}
