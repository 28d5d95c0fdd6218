package notification

import (
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/db"
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
