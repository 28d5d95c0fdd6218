package notification

import (
	"context"
	"errors"
	netmail "net/mail"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// reclaimWait is how long to wait for deliveries that another job has just claimed.
const reclaimWait = time.Second

// deliverer sends deliveries. Both kinds of delivery jobs share it.
type deliverer struct {
	Deps

	pace *pacer
}

// deliverWorker sends deliveries about changes.
type deliverWorker struct {
	worker[queue.DeliverArgs]
	*deliverer
}

// Work sends those of the job's deliveries that are still pending.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[queue.DeliverArgs]) error {
	return w.deliver(ctx, job.Args.DeliveryIDs, false)
}

// linkWorker sends deliveries with a one-time link.
type linkWorker struct {
	worker[queue.DeliverLinkArgs]
	*deliverer
}

// Work sends the job's delivery if it is still pending.
func (w *linkWorker) Work(ctx context.Context, job *river.Job[queue.DeliverLinkArgs]) error {
	return w.deliver(ctx, []uuid.UUID{job.Args.DeliveryID}, true)
}

// deliver waits for the pacer, and then sends those deliveries that are still pending.
func (w *deliverer) deliver(ctx context.Context, ids []uuid.UUID, urgent bool) error {
	leave, err := w.pace.enter(ctx, min(len(ids), w.Mailer.BatchSize()), urgent)
	if err != nil {
		return err
	}
	defer leave()
	if wait, err := w.settle(ctx, ids); err != nil || wait > 0 {
		return snooze(wait, err)
	}
	c, err := w.claim(ctx, ids)
	if err != nil || len(c.deliveries) == 0 {
		return err
	}
	m, err := w.compose(ctx, c)
	if err != nil {
		return snooze(w.notSent(ctx, c.deliveries, w.notComposed(ctx, c.deliveries[0], err)))
	}
	id, err := w.send(ctx, m)
	ctx = context.WithoutCancel(ctx) // the outcome is recorded even during shutdown
	if err != nil {
		return snooze(w.notSent(ctx, c.deliveries, mail.AsError(err)))
	}
	return w.sent(ctx, c.deliveries, id)
}

// notComposed returns the reason why a message could not be composed, as recorded in its deliveries.
func (w *deliverer) notComposed(ctx context.Context, d *ent.Delivery, err error) *mail.Error {
	if known, ok := errors.AsType[*mail.Error](err); ok {
		return known
	}
	w.Log.ErrorContext(ctx, "mail cannot be composed", "message_id", d.MessageID, "error", err)
	return &mail.Error{Kind: mail.Temporary, Message: "the mail could not be composed; the log says why"}
}

// send sends the message, unless a pause has begun since the pacer let it through.
func (w *deliverer) send(ctx context.Context, m mail.Message) (string, error) {
	if wait := w.pace.paused(); wait > 0 {
		return "", &mail.Error{Kind: mail.Limited, RetryAfter: wait, Message: "the mail server takes no more for now"}
	}
	return w.Mailer.Send(ctx, m)
}

// snooze makes River run the job again later, without counting an attempt.
func snooze(wait time.Duration, err error) error {
	if err != nil || wait <= 0 {
		return err
	}
	return river.JobSnooze(wait)
}

// claimed is the input of one call of the mailer.
type claimed struct {
	deliveries []*ent.Delivery
	recipients map[uuid.UUID]*ent.Admin
	content    content
}

// claim marks the pending deliveries as being sent, and reads their content. Deliveries whose recipients may no longer
// get them fail. Deliveries that do not fit into one message get their own jobs.
func (w *deliverer) claim(ctx context.Context, ids []uuid.UUID) (c claimed, err error) {
	err = w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		c = claimed{}
		pending, err := lockPending(ctx, tx, ids)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(pending, func(d *ent.Delivery) bool { return d.AttemptTime != nil }) {
			return river.JobSnooze(reclaimWait)
		}
		if pending, c.recipients, err = failRefused(ctx, tx, pending); err != nil || len(pending) == 0 {
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
			SetAttemptTime(tx.Clock.Now()).
			AddAttemptCount(1).
			SetLastError("").
			Exec(ctx)
		countAttempt(c.deliveries)
		return err
	})
	if snoozed, ok := errors.AsType[*river.JobSnoozeError](err); ok { // InTx has wrapped it
		return claimed{}, snoozed
	}
	return c, err
}

// countAttempt mirrors the attempt that was counted in the database.
func countAttempt(deliveries []*ent.Delivery) {
	for _, d := range deliveries {
		d.AttemptCount++
	}
}

// lockPending returns the deliveries that are still to be sent, locked until the end of the transaction.
func lockPending(ctx context.Context, tx *ent.Tx, ids []uuid.UUID) ([]*ent.Delivery, error) {
	query := tx.Delivery.Query().
		Where(delivery.IDIn(ids...), delivery.StateEQ(delivery.StatePending)).
		Order(delivery.ByID())
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	return query.All(ctx)
}

// failRefused marks deliveries whose recipients may no longer get them as failed, and returns the other deliveries and
// all recipients. It sets the addresses that are right now.
func failRefused(
	ctx context.Context, tx *ent.Tx, pending []*ent.Delivery,
) (left []*ent.Delivery, recipients map[uuid.UUID]*ent.Admin, err error) {
	if recipients, err = recipientsOf(ctx, tx, pending); err != nil {
		return nil, nil, err
	}
	refused := map[string][]*ent.Delivery{}
	for _, d := range pending {
		recipient := recipients[d.RecipientID]
		if why := refusal(recipient, d); why != "" {
			refused[why] = append(refused[why], d)
			continue
		}
		if email := addressOf(recipient, d); email != d.RecipientEmail {
			if err := tx.Delivery.UpdateOne(d).SetRecipientEmail(email).Exec(ctx); err != nil {
				return nil, nil, err
			}
			d.RecipientEmail = email
		}
		left = append(left, d)
	}
	for why, those := range refused {
		err := tx.Delivery.Update().Where(delivery.IDIn(idsOf(those)...)).
			SetState(delivery.StateFailed).SetLastError(why).Exec(ctx)
		if err != nil {
			return nil, nil, err
		}
	}
	return left, recipients, nil
}

// splitOff returns the deliveries that fit into one message with the first. The others get their own jobs: manual
// retries, which have their own message ID, and deliveries over the mailer's batch size.
func (w *deliverer) splitOff(ctx context.Context, tx *ent.Tx, all []*ent.Delivery) ([]*ent.Delivery, error) {
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

// compose returns the message. A message with a link gets a new one, which invalidates earlier ones.
func (w *deliverer) compose(ctx context.Context, c claimed) (m mail.Message, err error) {
	first := c.deliveries[0]
	m = mail.Message{ID: first.MessageID, Time: first.CreateTime, From: w.From}
	for _, d := range c.deliveries {
		m.To = append(m.To, netmail.Address{Name: c.recipients[d.RecipientID].Name, Address: d.RecipientEmail})
	}
	if link, ok := linkOf(first); ok {
		return w.composeLink(ctx, m, link, c.recipients[first.RecipientID])
	}
	if isNotice(first) {
		return w.composeNotice(ctx, m, first, c.recipients[first.RecipientID])
	}
	m.Tag = tagChanges
	m.Subject = c.content.subject()
	m.Text, m.HTML, err = c.content.render(w.PublicURL, first.DedupKey)
	return m, err
}
