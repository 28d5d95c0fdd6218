package notification_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/queue"
)

// record records an event and tells its administrator at an address.
func (w *world) record(ctx context.Context, e auth.Event, email string) *ent.SecurityEvent {
	w.t.Helper()
	var event *ent.SecurityEvent
	w.tx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if event, err = auth.RecordEvent(ctx, tx, e); err != nil {
			return err
		}
		return w.queue.Insert(ctx, tx, queue.Job{
			Args: queue.SecurityNoticeArgs{EventID: event.ID, AdminID: e.Admin.ID, Email: email},
		})
	})
	return event
}

// A notice reaches the address at the time of the event, whatever became of the account since.
func TestSecurityNoticesReachTheAddressOfTheEvent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := auth.WithClient(w.as(w.ana),
			auth.Client{Address: netip.MustParseAddr("192.0.2.7"), UserAgent: "Browser/1"})
		w.record(ctx, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_EMAIL_CHANGED, Admin: w.luis,
			Details: map[string]string{"old_email": "luis@example.com", "new_email": "new@example.com"},
		}, "luis@example.com")
		w.record(ctx, auth.Event{Type: catalogv1.SecurityEvent_TYPE_ADMIN_DELETED, Admin: w.emma}, w.emma.Email)
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetEmail("new@example.com").SetDisabled(true) })
		w.update(w.emma, func(u *ent.AdminUpdateOne) { u.SetDeleteTime(w.db.Now()) })
		w.work()
		w.until(func() bool { return len(w.mailer.messages()) == 2 })
		w.untilIdle()
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
		require.True(t, w.allIn(delivery.StateSent))
		for _, m := range w.mailer.messages() {
			for _, body := range []string{m.Text, m.HTML} {
				require.Contains(t, body, "Ana")
				require.Contains(t, body, "192.0.2.7")
				require.Contains(t, body, "Browser/1")
				require.Contains(t, body, "UTC")
			}
		}
	})
}

func TestEveryEventHasATextForMails(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for number, name := range catalogv1.SecurityEvent_Type_name {
			if number != 0 {
				w.record(t.Context(), auth.Event{
					Type: catalogv1.SecurityEvent_Type(number), Admin: w.luis,
					Details: map[string]string{"key_name": name},
				}, w.luis.Email)
			}
		}
		w.work()
		total := len(catalogv1.SecurityEvent_Type_name) - 1
		w.until(func() bool { return len(w.mailer.messages()) == total })
		subjects := map[string]bool{}
		for _, m := range w.mailer.messages() {
			require.NotEmpty(t, m.Subject, m.Text)
			subjects[m.Subject] = true
		}
		require.Len(t, subjects, total, "each has its own subject")
	})
}

// A notice whose event is no longer kept cannot be written any more.
func TestSecurityNoticeWithoutItsEvent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		event := w.record(t.Context(), auth.Event{Type: catalogv1.SecurityEvent_TYPE_PASSWORD_CHANGED, Admin: w.luis},
			w.luis.Email)
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.SecurityEvent.DeleteOneID(event.ID).Exec(ctx)
		})
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateFailed) })
		require.Equal(t, "the security event is no longer kept", w.deliveries()[0].LastError)
		require.Empty(t, w.mailer.messages())
	})
}
