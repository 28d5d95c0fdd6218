package notification

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/mail"
)

// Health records whether the mail server lets this process look up which messages it accepted.
type Health struct {
	// unreadable reports that the mail server does not let our key look messages up.
	unreadable atomic.Bool
}

// CheckLog asks the mail server about a message that does not exist, and logs if the key may not ask. It ignores
// other errors, which the first mail shows.
func (h *Health) CheckLog(ctx context.Context, mailer mail.Mailer, resend bool, log *slog.Logger) {
	_, err := mailer.Accepted(ctx, "start@catalog.invalid", time.Now())
	h.noteAsked(err)
	if !h.unreadable.Load() {
		return
	}
	log.WarnContext(ctx, "the Mailgun key may not read events: after a lost answer nobody can tell whether a mail "+
		"went out", "resend", resend, "error", err)
}

// noteAsked records the outcome of a call of Accepted.
func (h *Health) noteAsked(err error) {
	switch {
	case err == nil:
		h.unreadable.Store(false)
	case mail.AsError(err).Kind == mail.Unreadable:
		h.unreadable.Store(true)
	}
}

// warnings returns what administrators should know.
func (h *Health) warnings() []catalogv1.ListDeliveriesResponse_Warning {
	if h.unreadable.Load() {
		return []catalogv1.ListDeliveriesResponse_Warning{catalogv1.ListDeliveriesResponse_WARNING_EVENTS_UNREADABLE}
	}
	return nil
}
