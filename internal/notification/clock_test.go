package notification_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
)

// beside returns the same catalog in a process on another machine, whose clock is wrong.
func (w *world) beside(url string, wrong time.Duration) *world {
	w.t.Helper()
	d := dbtest.Open(w.t, url, db.MachineClock(func() time.Time { return time.Now().Add(wrong) }))
	q, err := queue.New(d, slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	d.HookProducts(history.NewHook(notification.Listener(q, 0)))
	require.NoError(w.t, d.Watch(w.t.Context()))
	other := *w
	other.db, other.queue, other.mailer = d, q, &postbox{batch: 1000}
	return &other
}

// Both processes change products, and one of them mails: the one whose clock is right, then the other one.
func TestAMachineWithAWrongClockDelaysNoMail(t *testing.T) {
	for _, wrong := range []time.Duration{time.Hour, -time.Hour} {
		for _, wrongMails := range []bool{false, true} {
			t.Run(fmt.Sprint(wrong, wrongMails), func(t *testing.T) {
				url := dbtest.URL(t, "postgres")
				d := dbtest.Open(t, url)
				require.NoError(t, d.Migrate(t.Context()))
				right := newWorld(t, d)
				require.NoError(t, d.Watch(t.Context()))
				other := right.beside(url, wrong)
				mails := right
				if wrongMails {
					mails = other
				}
				// The first attempt fails, and is made again soon.
				mails.mailer.onSend = func(try int, _ mail.Message) error {
					if try == 1 {
						return &mail.Error{Kind: mail.Limited, Message: "later", RetryAfter: 100 * time.Millisecond}
					}
					return nil
				}
				start := d.Now()
				mails.work()
				other.product(other.ana, "A")
				right.product(right.luis, "B")
				mails.until(func() bool { return len(right.deliveries()) == 4 && right.allIn(delivery.StateSent) })
				for _, delivered := range right.deliveries() {
					for _, at := range []time.Time{
						delivered.CreateTime, delivered.UpdateTime, delivered.ScheduleTime, *delivered.SendTime,
					} {
						require.False(t, at.Before(start) || at.After(d.Now().Add(time.Second)), "%v", delivered)
					}
				}
				for _, change := range right.changes() {
					require.False(t, change.CreateTime.Before(start) || change.CreateTime.After(d.Now().Add(time.Second)))
				}
			})
		}
	}
}
