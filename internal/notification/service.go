package notification

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/delivery"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// Service is the NotificationService.
type Service struct {
	db      *db.DB
	queue   *queue.Queue
	mailbox *mail.Mailbox
}

var _ catalogv1connect.NotificationServiceHandler = (*Service)(nil)

// NewService returns the service. mailbox is the local mailbox if mails go there, else nil.
func NewService(d *db.DB, q *queue.Queue, mailbox *mail.Mailbox) *Service {
	return &Service{db: d, queue: q, mailbox: mailbox}
}

// RetryDelivery sends a failed or bounced delivery again, as a message of its own. Returns
// DELIVERY_NOT_FOUND, or DELIVERY_NOT_RETRYABLE if it went out or its recipient is no longer active.
func (s *Service) RetryDelivery(
	ctx context.Context, req *catalogv1.RetryDeliveryRequest,
) (*catalogv1.RetryDeliveryResponse, error) {
	id, err := uuid.Parse(req.GetId())
	if err != nil {
		return nil, fault.Field("id", "must be a UUID").Because(err)
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error { return s.retry(ctx, tx, id) })
	if err != nil {
		return nil, err
	}
	deliveries, err := s.read(ctx, s.db.Reader().Delivery.Query().Where(delivery.ID(id)))
	if err != nil {
		return nil, err
	}
	return &catalogv1.RetryDeliveryResponse{Delivery: deliveries[0]}, nil
}

func (s *Service) retry(ctx context.Context, tx *ent.Tx, id uuid.UUID) error {
	query := tx.Delivery.Query().Where(delivery.ID(id))
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	d, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, fault.DeliveryNotFound, "there is no delivery %s", id)
	}
	if err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	switch d.State {
	case delivery.StatePending:
		return nil
	case delivery.StateFailed, delivery.StateBounced:
	case delivery.StateSent, delivery.StateDelivered, delivery.StateComplained:
		return fault.New(fault.FailedPrecondition, fault.DeliveryNotRetryable,
			"the delivery is %s; only failed and bounced ones can be sent again", d.State)
	}
	recipient, err := tx.Admin.Query().Where(admin.ID(d.RecipientID), active()).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.FailedPrecondition, fault.DeliveryNotRetryable, textInactive)
	}
	if err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	messageID, err := freshMessageID(d.MessageID)
	if err != nil {
		return err
	}
	err = tx.Delivery.UpdateOne(d).
		SetState(delivery.StatePending).
		SetRecipientEmail(recipient.Email).
		SetMessageID(messageID). // events about the old message no longer count
		SetAttemptCount(0).
		SetScheduleTime(now()).
		SetLastError("").
		ClearAttemptTime().
		ClearSendTime().
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	return s.queue.Insert(ctx, tx, deliverJob(time.Time{}, id))
}

// freshMessageID returns a new Message-ID in the domain of an old one.
func freshMessageID(old string) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("message id: %w", err)
	}
	_, domain, _ := strings.Cut(old, "@")
	return id.String() + "@" + domain, nil
}
