package notification

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/predicate"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/queue"
)

const (
	// retryChunk is the maximum number of deliveries that one transaction retries.
	retryChunk = 1000
	// retryTime is how long one call starts further transactions.
	retryTime = 5 * time.Second
	// listedRefusals is the maximum number of refusals in a response.
	listedRefusals = 1000
)

// RetryDelivery retries a failed or bounced delivery with a new message ID. Returns DELIVERY_NOT_FOUND, or
// DELIVERY_NOT_RETRYABLE if it was sent or its recipient may no longer get it.
func (s *Service) RetryDelivery(
	ctx context.Context, req *catalogv1.RetryDeliveryRequest,
) (*catalogv1.RetryDeliveryResponse, error) {
	outcome, err := s.retryThese(ctx, req.GetId())
	if err != nil {
		return nil, err
	}
	if len(outcome.refusals) > 0 {
		return nil, outcome.refusals[0].fault()
	}
	deliveries, err := s.read(ctx, s.db.Reader().Delivery.Query().Where(delivery.ID(uuid.MustParse(req.GetId()))))
	if err != nil {
		return nil, err
	}
	return &catalogv1.RetryDeliveryResponse{Delivery: deliveries[0]}, nil
}

// BatchRetryDeliveries retries failed and bounced deliveries.
func (s *Service) BatchRetryDeliveries(
	ctx context.Context, req *catalogv1.BatchRetryDeliveriesRequest,
) (*catalogv1.BatchRetryDeliveriesResponse, error) {
	outcome, err := s.retryThese(ctx, req.GetIds()...)
	if err != nil {
		return nil, err
	}
	return &catalogv1.BatchRetryDeliveriesResponse{
		ScheduledCount: outcome.scheduled,
		PendingCount:   outcome.pending,
		Refusals:       messagesOf(outcome.refusals),
	}, nil
}

// retryThese retries the deliveries with these ids, in one transaction.
func (s *Service) retryThese(ctx context.Context, texts ...string) (outcome retryOutcome, err error) {
	ids := make([]uuid.UUID, len(texts))
	for i, text := range texts {
		if ids[i], err = convert.ParseID(fmt.Sprintf("ids[%d]", i), text); err != nil {
			return outcome, err
		}
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		outcome = retryOutcome{}
		rows, err := lockDeliveries(ctx, tx.Delivery.Query().Where(delivery.IDIn(ids...)).Order(delivery.ByID()))
		if err != nil {
			return err
		}
		found := make(map[uuid.UUID]bool, len(rows))
		for _, d := range rows {
			found[d.ID] = true
		}
		for _, id := range ids {
			if !found[id] {
				outcome.refusals = append(outcome.refusals,
					refused{id: id, reason: fault.DeliveryNotFound, message: fmt.Sprintf("there is no delivery %s", id)})
			}
		}
		return s.retry(ctx, tx, rows, &outcome)
	})
	return outcome, err
}

// failedQuery binds the page tokens of RetryFailedDeliveries to a query.
type failedQuery struct {
	From      time.Time
	Recipient string
}

// failedPosition is the progress of RetryFailedDeliveries. It ignores deliveries that fail at Before or later, such as
// those just retried.
type failedPosition struct {
	Before, Time time.Time
	ID           uuid.UUID
}

// RetryFailedDeliveries retries failed deliveries, for a few seconds. Returns PAGE_TOKEN_INVALID if the token is not
// from this query, or a fault that names fail_time_from or recipient_id. After the first transaction, an error only
// ends the call: the response reports the committed retries.
func (s *Service) RetryFailedDeliveries(
	ctx context.Context, req *catalogv1.RetryFailedDeliveriesRequest,
) (*catalogv1.RetryFailedDeliveriesResponse, error) {
	query := failedQuery{Recipient: req.GetRecipientId()}
	if from := req.GetFailTimeFrom(); from != nil {
		if err := convert.CheckTime("fail_time_from", from); err != nil {
			return nil, err
		}
		query.From = from.AsTime()
	}
	at := failedPosition{Before: s.db.Now(), Time: query.From}
	if _, err := pagination.Parse(req.GetPageToken(), query, &at); err != nil {
		return nil, err
	}
	var recipient []predicate.Delivery
	if query.Recipient != "" {
		id, err := convert.ParseID("recipient_id", query.Recipient)
		if err != nil {
			return nil, err
		}
		recipient = append(recipient, delivery.RecipientID(id))
	}
	resp := &catalogv1.RetryFailedDeliveriesResponse{}
	for limit := time.Now().Add(retryTime); ; {
		outcome, more, err := s.retryFailed(ctx, &at, recipient)
		if err != nil {
			if resp.GetScheduledCount()+resp.GetRefusedCount() == 0 {
				return nil, err
			}
			more = true
		}
		resp.ScheduledCount += outcome.scheduled
		resp.RefusedCount += int32(len(outcome.refusals)) //nolint:gosec // retryChunk at most
		room := listedRefusals - len(resp.GetRefusals())
		resp.Refusals = append(resp.Refusals, messagesOf(outcome.refusals[:min(room, len(outcome.refusals))])...)
		if !more {
			return resp, nil
		}
		if err != nil || time.Now().After(limit) {
			resp.NextPageToken, err = pagination.Token(query, at)
			return resp, err
		}
	}
}

// retryFailed retries the next failed deliveries in one transaction, and advances the position. It reports whether
// there may be more.
func (s *Service) retryFailed(
	ctx context.Context, at *failedPosition, where []predicate.Delivery,
) (outcome retryOutcome, more bool, err error) {
	var rows []*ent.Delivery
	err = s.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		outcome = retryOutcome{}
		rows, err = lockDeliveries(ctx, tx.Delivery.Query().
			Where(failed(), delivery.UpdateTimeLT(at.Before), delivery.UpdateTimeGTE(at.Time)).
			Where(delivery.Or(delivery.UpdateTimeGT(at.Time), delivery.IDGT(at.ID))).
			Where(where...).
			Order(delivery.ByUpdateTime(), delivery.ByID()).
			Limit(retryChunk))
		if err != nil || len(rows) == 0 {
			return err
		}
		return s.retry(ctx, tx, rows, &outcome)
	})
	if err != nil || len(rows) == 0 {
		return retryOutcome{}, false, err
	}
	last := rows[len(rows)-1]
	at.Time, at.ID = last.UpdateTime.UTC(), last.ID
	return outcome, len(rows) == retryChunk, nil
}

// failed repeats the condition of the partial index delivery_failed, or SQLite would not use that index.
func failed() predicate.Delivery {
	return func(s *sql.Selector) { s.Where(sql.ExprP("state = 'failed'")) }
}

// lockDeliveries returns deliveries, locked until the end of the transaction.
func lockDeliveries(ctx context.Context, query *ent.DeliveryQuery) ([]*ent.Delivery, error) {
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return rows, nil
}

// retryOutcome is the outcome of a retry of deliveries.
type retryOutcome struct {
	scheduled, pending int32
	refusals           []refused
}

// refused is a delivery that is not retried.
type refused struct {
	id      uuid.UUID
	email   string
	reason  fault.Reason
	message string
}

func (r *refused) fault() error {
	kind := fault.FailedPrecondition
	if r.reason == fault.DeliveryNotFound {
		kind = fault.NotFound
	}
	return fault.New(kind, r.reason, "%s", r.message)
}

func messagesOf(refusals []refused) []*catalogv1.DeliveryRefusal {
	messages := make([]*catalogv1.DeliveryRefusal, len(refusals))
	for i, r := range refusals {
		messages[i] = &catalogv1.DeliveryRefusal{
			Id: r.id.String(), RecipientEmail: r.email, Reason: string(r.reason), Message: r.message,
		}
	}
	return messages
}

// retry retries locked deliveries. Those with the same content share one message.
func (s *Service) retry(ctx context.Context, tx *ent.Tx, rows []*ent.Delivery, outcome *retryOutcome) error {
	recipients, err := recipientsOf(ctx, tx, rows)
	if err != nil {
		return err
	}
	groups := map[string][]*ent.Delivery{}
	var order []string
	var waiting []*ent.Delivery
	for _, d := range rows {
		why := refusal(recipients[d.RecipientID], d)
		switch {
		case d.State == delivery.StatePending:
			outcome.pending++
			if d.LastError != "" {
				waiting = append(waiting, d)
			}
			continue
		case d.State != delivery.StateFailed && d.State != delivery.StateBounced:
			why = fmt.Sprintf("the delivery is %s; only failed and bounced ones can be sent again", d.State)
		}
		if why != "" {
			outcome.refusals = append(outcome.refusals,
				refused{id: d.ID, email: d.RecipientEmail, reason: fault.DeliveryNotRetryable, message: why})
			continue
		}
		if email := addressOf(recipients[d.RecipientID], d); email != d.RecipientEmail {
			if err := tx.Delivery.UpdateOne(d).SetRecipientEmail(email).Exec(ctx); err != nil {
				return fmt.Errorf("retry delivery: %w", err)
			}
		}
		key := contentKey(d)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], d)
		outcome.scheduled++
	}
	jobs, err := hasten(ctx, tx, waiting)
	if err != nil {
		return err
	}
	for _, key := range order {
		job, err := schedule(ctx, tx, groups[key])
		if err != nil {
			return err
		}
		jobs = append(jobs, job)
	}
	return s.queue.Insert(ctx, tx, jobs...)
}

// hasten ends the backoff of pending deliveries that wait after an error, and returns the jobs that send them, under
// the same message IDs. The jobs that wait will find nothing to do. A mail of unknown outcome is sent again.
func hasten(ctx context.Context, tx *ent.Tx, waiting []*ent.Delivery) ([]queue.Job, error) {
	if len(waiting) == 0 {
		return nil, nil
	}
	err := tx.Delivery.Update().Where(delivery.IDIn(idsOf(waiting)...)).ClearAttemptTime().Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("retry pending deliveries: %w", err)
	}
	jobs := make([]queue.Job, len(waiting))
	for i, d := range waiting {
		jobs[i] = jobOf(d)
	}
	return jobs, nil
}

// contentKey returns the same key for deliveries with the same content: those about one batch. Digests and mails with
// links are different for each recipient.
func contentKey(d *ent.Delivery) string {
	if strings.HasPrefix(d.DedupKey, batchPrefix) {
		return d.DedupKey
	}
	return d.ID.String()
}

// schedule makes deliveries pending again, as one new message, so that later events about the old one are ignored. It
// returns the job that sends them.
func schedule(ctx context.Context, tx *ent.Tx, deliveries []*ent.Delivery) (queue.Job, error) {
	messageID, err := newMessageID(deliveries[0].MessageID)
	if err != nil {
		return queue.Job{}, err
	}
	err = tx.Delivery.Update().
		Where(delivery.IDIn(idsOf(deliveries)...)).
		SetState(delivery.StatePending).
		SetMessageID(messageID).
		SetAttemptCount(0).
		SetScheduleTime(tx.Clock.Now()).
		SetLastError("").
		ClearAttemptTime().
		ClearSendTime().
		Exec(ctx)
	if err != nil {
		return queue.Job{}, fmt.Errorf("retry deliveries: %w", err)
	}
	return jobOf(deliveries...), nil
}

// jobOf returns the job that sends deliveries with the same content. Those with a link, and notices, are alone.
func jobOf(deliveries ...*ent.Delivery) queue.Job {
	first := deliveries[0]
	if _, isLink := linkOf(first); isLink {
		return linkJob(first.ID)
	}
	if isNotice(first) {
		return noticeJob(first.ID)
	}
	return deliverJob(time.Time{}, idsOf(deliveries)...)
}

// newMessageID returns a new Message-ID in the domain of an old one.
func newMessageID(old string) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("message id: %w", err)
	}
	_, domain, _ := strings.Cut(old, "@")
	return id.String() + "@" + domain, nil
}
