package notification_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/queue"
)

// mostAtOnce is the maximum number of concurrent calls to the mail server in a process.
const mostAtOnce = 16

// limiting is a mailer with a rate limit: it accepts so many mails and then rejects for a while, again and again.
type limiting struct {
	*postbox

	every int
	wait  time.Duration

	taken, refused atomic.Int64
	mu             sync.Mutex
	until          time.Time
}

func (l *limiting) Send(ctx context.Context, m mail.Message) (string, error) {
	if wait := l.limit(); wait > 0 {
		return "", &mail.Error{Kind: mail.Limited, RetryAfter: wait, Message: "too many"}
	}
	return l.postbox.Send(ctx, m)
}

func (l *limiting) limit() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := time.Until(l.until)
	if wait <= 0 && l.taken.Add(1)%int64(l.every) == 0 {
		l.until, wait = time.Now().Add(l.wait), l.wait
	}
	if wait > 0 {
		l.refused.Add(1)
	}
	return wait
}

func TestLimitPausesMailAndIsNoTry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.batch = 1
		w.manyMails()
		m := &limiting{postbox: w.mailer, every: 10, wait: 200 * time.Millisecond}
		w.work(m)
		w.until(func() bool { return w.count("deliveries WHERE state = 'sent'") == 64 })
		for _, d := range w.deliveries() {
			require.Equal(t, 1, d.AttemptCount, "a limit says nothing about the mail")
			require.Empty(t, d.LastError)
		}
		pauses := m.taken.Load() / int64(m.every)
		t.Logf("%d mails, %d pauses, %d calls refused", len(w.deliveries()), pauses, m.refused.Load())
		require.LessOrEqual(t, m.refused.Load(), pauses*mostAtOnce, "what is under way is refused, and nothing else")
	})
}

// manyMails makes changes that cause 64 mails.
func (w *world) manyMails() {
	w.t.Helper()
	for i := range 30 {
		w.admin(fmt.Sprintf("Admin %d", i))
	}
	w.product(w.ana, "SKU-1")
	w.product(w.luis, "SKU-2")
}

// A process that starts during a pause does not send either, and a job that waits for the end of a pause does not
// block a graceful shutdown.
func TestPauseHoldsForOtherProcesses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Limited, RetryAfter: time.Hour, Message: "too many"}
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) == 2 && d[0].LastError == "too many" })
		require.NoError(t, w.queue.Stop(t.Context()))
		require.Zero(t, w.deliveries()[0].AttemptCount)
		require.Nil(t, w.deliveries()[0].AttemptTime)
		stats, err := notification.ReadStats(t.Context(), w.db)
		require.NoError(t, err)
		require.InDelta(t, time.Hour, stats.Paused, float64(time.Minute))

		other := w.another()
		other.deliver(w.deliveries()[0].ID)
		other.work()
		const running = "river_job WHERE kind = 'deliver' AND state = 'running'"
		require.Eventually(t, func() bool { return w.count(running) == 1 }, patience, 10*time.Millisecond)
		require.NoError(t, other.queue.Stop(t.Context()))
		require.Zero(t, w.count(running))
		tries, _ := other.mailer.counts()
		require.Zero(t, tries)

		// The pause is over.
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Pause.Update().SetEndTime(time.Now()).Exec(ctx)
		})
		last := w.another()
		last.deliver(w.deliveries()[0].ID, w.deliveries()[1].ID)
		last.work()
		last.until(func() bool { return last.allIn(delivery.StateSent) })
	})
}

// another returns the same catalog in another process, with its own mailer.
func (w *world) another() *world {
	w.t.Helper()
	q, err := queue.New(w.db, slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	other := *w
	other.queue, other.mailer = q, &postbox{batch: 1000}
	return &other
}

// A query whether a mail was accepted can hit the rate limit, too. That does not count as an attempt either.
func TestLimitOnAskingIsNoTry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.askError = &mail.Error{Kind: mail.Limited, RetryAfter: 50 * time.Millisecond, Message: "too many"}
		w.mailer.onSend = func(try int, _ mail.Message) error {
			if try == 1 {
				return &mail.Error{Kind: mail.Unknown, Message: "the connection broke"}
			}
			return nil
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { _, asked := w.mailer.counts(); return asked >= 3 })
		d := w.deliveries()[0]
		require.Equal(t, 1, d.AttemptCount)
		require.NotNil(t, d.AttemptTime, "it is still not known")
		require.Equal(t, "it is not known whether the mail went out: too many", d.LastError)

		w.mailer.answers(nil)
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Equal(t, 2, w.deliveries()[0].AttemptCount)
	})
}

// knocking is a mailer that lets a test observe and answer each call.
type knocking struct {
	*postbox

	calls chan chan error
}

func (k *knocking) Send(ctx context.Context, m mail.Message) (string, error) {
	answer := make(chan error)
	k.calls <- answer
	if err := <-answer; err != nil {
		return "", err
	}
	return k.postbox.Send(ctx, m)
}

func TestOneCallGoesFirstAfterAPause(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(w.emma, func(u *ent.AdminUpdateOne) { u.SetDisabled(true) })
		k := &knocking{postbox: w.mailer, calls: make(chan chan error)}
		w.product(w.ana, "SKU-1")
		w.work(k)
		first := <-k.calls
		first <- &mail.Error{Kind: mail.Limited, RetryAfter: 300 * time.Millisecond, Message: "too many"}
		w.until(func() bool { return w.deliveries()[0].LastError == "too many" })
		for i := range 6 {
			w.product(w.ana, fmt.Sprintf("SKU-1%d", i))
			w.product(w.luis, fmt.Sprintf("SKU-2%d", i))
		}
		probe := <-k.calls
		w.until(func() bool { return w.count("river_job WHERE kind = 'notify' AND state <> 'completed'") == 0 })
		open := w.count("deliveries WHERE state = 'pending'")
		require.Greater(t, open, 1)
		require.Eventually(t, func() bool {
			return w.count("river_job WHERE kind = 'deliver' AND state = 'running'") == open
		}, patience, 10*time.Millisecond)
		select {
		case <-k.calls:
			require.Fail(t, "a second call before the first was answered")
		default:
		}
		probe <- nil
		second, third := <-k.calls, <-k.calls // one success raises the limit to two
		second <- nil
		third <- nil
		go func() {
			for answer := range k.calls {
				answer <- nil
			}
		}()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		close(k.calls)
	})
}

func TestCeiling(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.batch, w.rate = 1, 20
		w.manyMails()
		start := time.Now()
		w.work()
		w.until(func() bool { return w.count("deliveries WHERE state = 'sent'") == 64 })
		require.GreaterOrEqual(t, time.Since(start), (64-20)*time.Second/20)
	})
}
