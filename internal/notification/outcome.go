package notification

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// settle resolves deliveries whose earlier attempt has an unknown outcome. It queries the mailer, marks accepted
// deliveries as sent, and releases the others for sending. Returns how long to wait if it is too early to query.
func (w *deliverer) settle(ctx context.Context, ids []uuid.UUID) (time.Duration, error) {
	open, err := w.DB.Reader().Delivery.Query().
		Where(delivery.IDIn(ids...), delivery.StateEQ(delivery.StatePending), delivery.AttemptTimeNotNil()).
		All(ctx)
	if err != nil {
		return 0, fmt.Errorf("find open deliveries: %w", err)
	}
	byMessage := map[string][]*ent.Delivery{}
	for _, d := range open {
		if wait := w.untilSettled(d); wait > 0 {
			return wait, nil
		}
		byMessage[d.MessageID] = append(byMessage[d.MessageID], d)
	}
	for id, deliveries := range byMessage {
		if wait, err := w.ask(ctx, id, deliveries); err != nil || wait > 0 {
			return wait, err
		}
	}
	return 0, nil
}

// untilSettled returns how long to wait before the mailer can be queried about a delivery. An attempt that returned an
// error has waited already. The wait is capped at Settle, in case the database's clock was set back.
func (w *deliverer) untilSettled(d *ent.Delivery) time.Duration {
	if d.LastError != "" {
		return 0
	}
	settle := w.Mailer.Settle()
	return min(settle, settle-w.DB.Clock().Since(*d.AttemptTime))
}

func (w *deliverer) ask(ctx context.Context, messageID string, deliveries []*ent.Delivery) (time.Duration, error) {
	since := *deliveries[0].AttemptTime
	for _, d := range deliveries {
		if d.AttemptTime.Before(since) {
			since = *d.AttemptTime
		}
	}
	accepted, err := w.Mailer.Accepted(ctx, messageID, since)
	w.Health.noteAsked(err)
	if err != nil {
		e := *mail.AsError(err)
		if e.Kind == mail.Unreadable && w.Resend {
			w.Log.WarnContext(ctx, "a mail of unknown outcome is sent again", "message_id", messageID, "error", e.Message)
			return 0, w.change(ctx, deliveries, func(u *ent.DeliveryUpdate) { u.ClearAttemptTime() })
		}
		e.Message = "it is not known whether the mail went out: " + e.Message
		if e.Kind == mail.Unreadable {
			e.Message += "; the key may not read events (retry to send the mail again)"
		}
		if e.Kind == mail.Limited {
			set := func(u *ent.DeliveryUpdate) { u.SetLastError(e.Message) }
			return w.limited(ctx, deliveries, &e, set)
		}
		e.Kind = mail.Unknown
		// Counts as an attempt, so that querying is bounded.
		if err := w.change(ctx, deliveries, func(u *ent.DeliveryUpdate) { u.AddAttemptCount(1) }); err != nil {
			return 0, err
		}
		countAttempt(deliveries)
		return w.notSent(ctx, deliveries, &e)
	}
	var sent, free []*ent.Delivery
	for _, d := range deliveries {
		if accepted[strings.ToLower(d.RecipientEmail)] {
			sent = append(sent, d)
		} else {
			free = append(free, d)
		}
	}
	if err := w.sent(ctx, sent, messageID); err != nil {
		return 0, err
	}
	return 0, w.change(ctx, free, func(u *ent.DeliveryUpdate) { u.ClearAttemptTime() })
}

// sent marks deliveries as sent, under the mail server's message ID. It keeps a state that a webhook has already
// advanced.
func (w *deliverer) sent(ctx context.Context, deliveries []*ent.Delivery, messageID string) error {
	if len(deliveries) == 0 {
		return nil
	}
	sendTime := w.DB.Now()
	return w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		err := tx.Delivery.Update().
			Where(delivery.IDIn(idsOf(deliveries)...)).
			SetSendTime(sendTime).
			SetMessageID(messageID).
			ClearAttemptTime().
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("mark sent: %w", err)
		}
		return tx.Delivery.Update().
			Where(delivery.IDIn(idsOf(deliveries)...), delivery.StateEQ(delivery.StatePending)).
			SetState(delivery.StateSent).
			SetLastError("").
			Exec(ctx)
	})
}

// notSent records why deliveries were not sent, and returns the delay before the next attempt. After a permanent error
// or the last attempt they fail. If a permanent error concerns several deliveries, each is retried alone, so that one
// bad address does not cost the others their mail.
func (w *deliverer) notSent(ctx context.Context, deliveries []*ent.Delivery, e *mail.Error) (time.Duration, error) {
	if e.Kind == mail.Limited {
		return w.limited(ctx, deliveries, e, func(u *ent.DeliveryUpdate) {
			u.SetLastError(e.Message).AddAttemptCount(-1).ClearAttemptTime()
		})
	}
	attempts := 0
	for _, d := range deliveries {
		attempts = max(attempts, d.AttemptCount)
	}
	w.Log.WarnContext(ctx, "mail not sent", "message_id", deliveries[0].MessageID,
		"recipients", len(deliveries), "try", attempts, "error", e.Message)
	switch {
	case e.Kind == mail.Permanent && len(deliveries) > 1:
		return 0, w.tryAlone(ctx, deliveries, e)
	case e.Kind == mail.Permanent || attempts >= maxAttempts:
		return 0, w.change(ctx, deliveries, func(u *ent.DeliveryUpdate) {
			u.SetState(delivery.StateFailed).SetLastError(e.Message).ClearAttemptTime()
		})
	}
	err := w.change(ctx, deliveries, func(u *ent.DeliveryUpdate) {
		u.SetLastError(e.Message)
		if e.Kind == mail.Temporary {
			u.ClearAttemptTime()
		}
	})
	return max(backoff(attempts), e.RetryAfter), err
}

// limited pauses all mail after a rate limit, and records why the deliveries wait. It does not count as an attempt.
func (w *deliverer) limited(
	ctx context.Context, deliveries []*ent.Delivery, e *mail.Error, set func(*ent.DeliveryUpdate),
) (time.Duration, error) {
	return e.RetryAfter, errors.Join(w.pace.stop(ctx, e.RetryAfter), w.change(ctx, deliveries, set))
}

func (w *deliverer) tryAlone(ctx context.Context, deliveries []*ent.Delivery, e *mail.Error) error {
	jobs := make([]queue.Job, len(deliveries))
	for i, d := range deliveries {
		jobs[i] = deliverJob(time.Time{}, d.ID)
	}
	return w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		err := tx.Delivery.Update().
			Where(delivery.IDIn(idsOf(deliveries)...), delivery.StateEQ(delivery.StatePending)).
			SetLastError(e.Message).
			ClearAttemptTime().
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("try alone: %w", err)
		}
		return w.Queue.Insert(ctx, tx, jobs...)
	})
}

// change updates those deliveries that are still pending and at the attempt that the caller knows of: another job may
// have begun the next attempt meanwhile.
func (w *deliverer) change(ctx context.Context, deliveries []*ent.Delivery, set func(*ent.DeliveryUpdate)) error {
	if len(deliveries) == 0 {
		return nil
	}
	byAttempt := map[int][]*ent.Delivery{}
	for _, d := range deliveries {
		byAttempt[d.AttemptCount] = append(byAttempt[d.AttemptCount], d)
	}
	return w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		for attempt, those := range byAttempt {
			update := tx.Delivery.Update().Where(delivery.IDIn(idsOf(those)...),
				delivery.StateEQ(delivery.StatePending), delivery.AttemptCount(attempt))
			set(update)
			if err := update.Exec(ctx); err != nil {
				return fmt.Errorf("note outcome: %w", err)
			}
		}
		return nil
	})
}
