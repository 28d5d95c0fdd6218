package notification

import (
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// Service implements NotificationService.
type Service struct {
	db      *db.DB
	queue   *queue.Queue
	mailbox *mail.Mailbox
	health  *Health
}

var _ catalogv1connect.NotificationServiceHandler = (*Service)(nil)

// NewService returns the service. mailbox is nil if mails do not go to the local mailbox. The workers of the process
// share health.
func NewService(d *db.DB, q *queue.Queue, mailbox *mail.Mailbox, health *Health) *Service {
	return &Service{db: d, queue: q, mailbox: mailbox, health: health}
}
