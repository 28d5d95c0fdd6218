package notification_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

func TestAccountMails(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetPasswordHash("") }) // is invited
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return w.queue.Insert(ctx, tx,
				queue.Job{Args: queue.AccountMailArgs{AdminID: w.luis.ID, Purpose: "invitation"}},
				queue.Job{Args: queue.AccountMailArgs{AdminID: w.emma.ID, Purpose: "password_reset"}},
				queue.Job{Args: queue.AccountMailArgs{AdminID: uuid.New(), Purpose: "invitation"}})
		})
		w.work()
		w.until(func() bool { return len(w.mailer.messages()) == 2 })
		w.untilIdle()
		links := map[string]string{
			"luis@example.com": "https://catalog.test/accept-invitation#token=",
			"emma@example.com": "https://catalog.test/reset-password#token=",
		}
		require.Len(t, w.mailer.messages(), 2)
		for _, m := range w.mailer.messages() {
			require.Len(t, m.To, 1)
			require.Contains(t, m.Text, links[m.To[0].Address])
			require.Contains(t, m.HTML, links[m.To[0].Address])
		}
		require.Equal(t, 2, w.count("one_time_tokens"))
		require.Len(t, w.deliveries(), 2)
		require.True(t, w.allIn(delivery.StateSent))
	})
}

func TestAccountMailThatFailsIsSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.refuse(&mail.Error{Kind: mail.Permanent, Message: "not allowed"})
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return w.queue.Insert(ctx, tx,
				queue.Job{Args: queue.AccountMailArgs{AdminID: w.luis.ID, Purpose: "password_reset"}})
		})
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateFailed) })
		d := w.deliveries()[0]
		require.Equal(t, "not allowed", d.LastError)
		require.Equal(t, w.luis.ID, d.RecipientID)
	})
}

// A new address invalidates the links sent to the old one. A mail that is in progress must not send a new link there.
func TestAccountMailDoesNotFollowToAnOldAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(try int, _ mail.Message) error {
			if try == 1 {
				return &mail.Error{Kind: mail.Unknown, RetryAfter: 10 * time.Millisecond, Message: "the connection broke"}
			}
			return nil
		}
		w.mailer.onAsk = func() {
			w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetEmail("new@example.com") })
		}
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return w.queue.Insert(ctx, tx,
				queue.Job{Args: queue.AccountMailArgs{AdminID: w.luis.ID, Purpose: "password_reset"}})
		})
		w.work()
		w.until(func() bool { return len(w.mailer.messages()) > 0 })
		require.Equal(t, map[string]int{"new@example.com": 1}, w.mailer.received())
	})
}

// A link that confirms an address goes to that address and to no other, while it is the pending one.
func TestConfirmationsGoToThePendingAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetPendingEmail("new@example.com") })
		confirm := func(email string) queue.Job {
			return queue.Job{Args: queue.AccountMailArgs{AdminID: w.luis.ID, Purpose: "email_confirmation", Email: email}}
		}
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return w.queue.Insert(ctx, tx, confirm("older@example.com"), confirm("new@example.com"))
		})
		w.work()
		w.until(func() bool { return len(w.mailer.messages()) == 1 })
		w.untilIdle()
		require.Equal(t, map[string]int{"new@example.com": 1}, w.mailer.received())
		require.Contains(t, w.mailer.messages()[0].Text, "https://catalog.test/confirm-email#token=")
		require.Equal(t, "new@example.com", w.deliveries()[0].RecipientEmail)
		require.Equal(t, 1, w.count("one_time_tokens"))
	})
}

func TestConfirmationOfAnotherAddressIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetPendingEmail("first@example.com") })
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Unknown, RetryAfter: 10 * time.Millisecond, Message: "the connection broke"}
		}
		w.mailer.onAsk = func() {
			w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetPendingEmail("second@example.com") })
		}
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return w.queue.Insert(ctx, tx, queue.Job{Args: queue.AccountMailArgs{
				AdminID: w.luis.ID, Purpose: "email_confirmation", Email: "first@example.com",
			}})
		})
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateFailed) })
		d := w.deliveries()[0]
		require.Equal(t, "first@example.com", d.RecipientEmail)
		require.Contains(t, d.LastError, "no longer the one to confirm")
		require.Empty(t, w.mailer.received()["second@example.com"])
	})
}
