// Package queue is the job queue: River on the catalog's own database. It is a transactional outbox: a job is
// inserted in the transaction of the change that causes it. Jobs run at least once, so workers must be idempotent.
package queue

import (
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// mailLane is the queue of jobs that talk to a mail server, so that a slow server does not block other jobs.
const mailLane = "mail"

// Within a lane, due jobs of a lower priority value start first.
const (
	firstPriority = 1
	bulkPriority  = 2
)

// NotifyArgs is the job that batches the changes of one administrator into mails. It is inserted in the transaction
// of a change and is due when the change's window has passed.
type NotifyArgs struct {
	ActorID uuid.UUID `json:"actor_id"`
	// ChangeTime is the create_time of the transaction's first change.
	ChangeTime time.Time `json:"change_time"`
}

// Kind is the name of the job in the database.
func (NotifyArgs) Kind() string { return "notify" }

// DeliverArgs is the job that sends deliveries with the same content.
type DeliverArgs struct {
	DeliveryIDs []uuid.UUID `json:"delivery_ids"`
}

// Kind is the name of the job in the database.
func (DeliverArgs) Kind() string { return "deliver" }

// InsertOpts selects the lane, with a lower priority than mails that somebody waits for.
func (DeliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailLane, Priority: bulkPriority}
}

// DeliverLinkArgs is the job that sends a delivery with a one-time link. It has priority over notifications, because
// somebody waits for it.
type DeliverLinkArgs struct {
	DeliveryID uuid.UUID `json:"delivery_id"`
}

// Kind is the name of the job in the database.
func (DeliverLinkArgs) Kind() string { return "deliver_link" }

// InsertOpts selects the lane.
func (DeliverLinkArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailLane, Priority: firstPriority}
}

// AccountMailArgs is the job that creates a delivery with a one-time link. The token is created when the mail is
// sent, so that it is never stored.
type AccountMailArgs struct {
	AdminID uuid.UUID `json:"admin_id"`
	// Purpose is "invitation", "password_reset" or "email_confirmation", as in OneTimeToken.
	Purpose string `json:"purpose"`
	// Email is the address to confirm. The mail goes there while it is the administrator's pending one. Empty for the
	// other purposes, whose mails go to the address that the administrator has.
	Email string `json:"email,omitempty"`
}

// Kind is the name of the job in the database.
func (AccountMailArgs) Kind() string { return "account_mail" }

// InsertOpts selects the lane.
func (AccountMailArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailLane, Priority: firstPriority}
}

// SecurityNoticeArgs is the job that creates a delivery which tells an administrator of a security event.
type SecurityNoticeArgs struct {
	EventID int64     `json:"event_id"`
	AdminID uuid.UUID `json:"admin_id"`
	// Email is the address to tell. It need not be the administrator's any more: whoever changed it must not be the
	// only one who is told.
	Email string `json:"email"`
}

// Kind is the name of the job in the database.
func (SecurityNoticeArgs) Kind() string { return "security_notice" }

// InsertOpts selects the lane.
func (SecurityNoticeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailLane, Priority: firstPriority}
}

// DeliverNoticeArgs is the job that sends a delivery about a security event.
type DeliverNoticeArgs struct {
	DeliveryID uuid.UUID `json:"delivery_id"`
}

// Kind is the name of the job in the database.
func (DeliverNoticeArgs) Kind() string { return "deliver_notice" }

// InsertOpts selects the lane.
func (DeliverNoticeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: mailLane, Priority: firstPriority}
}
