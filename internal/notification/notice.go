package notification

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/securityevent"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// noticePrefix begins the dedup_key of mails about security events. The event's id and the job's follow.
const noticePrefix = "security_notice/"

// noticeWorker creates the deliveries of mails about security events.
type noticeWorker struct {
	worker[queue.SecurityNoticeArgs]
	Deps
}

// Work creates the delivery and the job that sends it. The recipient may be disabled or deleted: that is what they
// are told.
func (w *noticeWorker) Work(ctx context.Context, job *river.Job[queue.SecurityNoticeArgs]) error {
	return w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		key := fmt.Sprintf("%s%d/%d", noticePrefix, job.Args.EventID, job.ID)
		return w.createDelivery(ctx, tx, job.Args.AdminID, job.Args.Email, key, noticeJob)
	})
}

func noticeJob(id uuid.UUID) queue.Job {
	return queue.Job{Args: queue.DeliverNoticeArgs{DeliveryID: id}, MaxAttempts: endless}
}

// noticeSender sends deliveries about security events.
type noticeSender struct {
	worker[queue.DeliverNoticeArgs]
	*deliverer
}

// Work sends the job's delivery if it is still pending.
func (w *noticeSender) Work(ctx context.Context, job *river.Job[queue.DeliverNoticeArgs]) error {
	return w.deliver(ctx, []uuid.UUID{job.Args.DeliveryID}, true)
}

// isNotice reports whether a delivery is about a security event.
func isNotice(d *ent.Delivery) bool { return strings.HasPrefix(d.DedupKey, noticePrefix) }

// eventOf returns the id of the security event that a notice is about.
func eventOf(d *ent.Delivery) (int64, error) {
	id, _, _ := strings.Cut(strings.TrimPrefix(d.DedupKey, noticePrefix), "/")
	return strconv.ParseInt(id, 10, 64)
}

// composeNotice completes a message about a security event. Returns a permanent mail.Error if the event is no longer
// kept.
func (w *deliverer) composeNotice(
	ctx context.Context, m mail.Message, d *ent.Delivery, to *ent.Admin,
) (mail.Message, error) {
	id, err := eventOf(d)
	if err != nil {
		return m, err
	}
	event, err := w.DB.Reader().SecurityEvent.Query().Where(securityevent.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return m, &mail.Error{Kind: mail.Permanent, Message: "the security event is no longer kept"}
	}
	if err != nil {
		return m, err
	}
	v := viewOfEvent(event, to, w.PublicURL)
	m.Tag, m.Subject = tagSecurity, v.Subject
	m.Text, m.HTML, err = render(securityTemplate, v)
	return m, err
}
