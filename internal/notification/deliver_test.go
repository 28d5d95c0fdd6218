package notification_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestEveryOtherActiveAdministratorGetsOneMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, change := range map[string]func(*ent.AdminUpdateOne){
			"Disabled": func(u *ent.AdminUpdateOne) { u.SetDisabled(true) },
			"Deleted":  func(u *ent.AdminUpdateOne) { u.SetDeleteTime(time.Now()) },
			"Invited":  func(u *ent.AdminUpdateOne) { u.SetPasswordHash("") },
		} {
			w.update(w.admin(name), change)
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())

		m := w.mailer.messages()[0]
		require.Equal(t, `Ana created "Product SKU-1" (SKU-1)`, m.Subject)
		require.Contains(t, m.Text, "price: (none) → 129.90 MXN")
		require.Contains(t, m.HTML, "129.90 MXN")
		require.Contains(t, m.Text, "https://catalog.test")
		for _, d := range w.deliveries() {
			require.Equal(t, 1, d.AttemptCount)
			require.Nil(t, d.AttemptTime)
			require.NotNil(t, d.SendTime)
			require.Equal(t, m.ID, d.MessageID)
		}
	})
}

func (w *world) update(a *ent.Admin, change func(*ent.AdminUpdateOne)) {
	w.t.Helper()
	w.tx(w.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		u := tx.Admin.UpdateOneID(a.ID)
		change(u)
		return u.Exec(ctx)
	})
}

func TestChangesWithinTheWindowShareAMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "SKU-1")
		w.rename(w.ana, p, "Second")
		w.product(w.ana, "SKU-2")
		w.product(w.luis, "SKU-3")
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 4 && w.allIn(delivery.StateSent) })
		require.Equal(t, map[string]int{
			"ana@example.com": 1, "luis@example.com": 1, "emma@example.com": 2,
		}, w.mailer.received())
		var subjects []string
		for _, m := range w.mailer.messages() {
			subjects = append(subjects, m.Subject)
		}
		require.ElementsMatch(t, []string{
			"Ana made 3 changes to 2 products", `Luis created "Product SKU-3" (SKU-3)`,
		}, subjects)

		// The next change has its own mail.
		w.rename(w.ana, p, "Third")
		w.until(func() bool { return len(w.deliveries()) == 6 && w.allIn(delivery.StateSent) })
		require.Equal(t, 2, w.mailer.received()["luis@example.com"])
	})
}

func TestManyChangesAreOneMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			drafts := make([]*ent.ProductCreate, 60)
			for i := range drafts {
				drafts[i] = draft(tx, fmt.Sprintf("SKU-%02d", i))
			}
			return tx.Product.CreateBulk(drafts...).Exec(ctx)
		})
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		m := w.mailer.messages()
		require.Len(t, m, 1)
		require.Len(t, m[0].To, 2)
		require.Equal(t, "Ana made 60 changes to 60 products", m[0].Subject)
		require.Contains(t, m[0].Text, "SKU-49")
		require.NotContains(t, m[0].Text, "SKU-50")
		require.Contains(t, m[0].Text, "And 10 more")
		require.Contains(t, m[0].HTML, "And 10 more")
	})
}

// TestJobsLockChangesInOneOrder locks the first change while other jobs need it and later ones. They must wait without
// locks on the later ones. An UPDATE alone locks rows in scan order, which with many changes is their physical order.
// Here the first change is physically last.
func TestJobsLockChangesInOneOrder(t *testing.T) {
	w := newWorld(t, dbtest.New(t, "postgres"))
	p := w.product(w.ana, "MAT-1")
	w.rename(w.ana, p, "Two")
	changes := w.changes()
	pool, ctx := w.db.SQL(), t.Context()
	pool.SetMaxIdleConns(0) // new connections have these settings
	_, err := pool.ExecContext(ctx, `DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET enable_indexscan = off', current_database());
		EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database());
	END $$`)
	require.NoError(t, err)
	_, err = pool.ExecContext(ctx, "UPDATE product_changes SET actor_name = actor_name WHERE id = $1", changes[0].ID)
	require.NoError(t, err)
	const lock = "SELECT id FROM product_changes WHERE id = $1 FOR UPDATE NOWAIT"
	holder, err := pool.BeginTx(ctx, nil)
	require.NoError(t, err)
	_, err = holder.ExecContext(ctx, lock, changes[0].ID)
	require.NoError(t, err)
	w.work()
	require.Eventually(t, func() bool {
		return w.count("pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") > 0
	}, patience, 5*time.Millisecond, "a job waits")
	_, err = pool.ExecContext(ctx, lock, changes[1].ID)
	require.NoError(t, err, "the job that waits holds nothing")
	require.NoError(t, holder.Commit())
	w.untilIdle()
	require.Len(t, w.deliveries(), 2)
}

// A slow transaction can commit after the window of its changes has passed.
func TestChangeThatCommitsLateIsMailed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		changed, commit := make(chan struct{}), make(chan struct{})
		done := make(chan error)
		go func() {
			done <- w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
				err := tx.Product.UpdateOneID(p.ID).SetName("Late").Exec(ctx)
				close(changed)
				<-commit
				return err
			})
		}()
		<-changed
		if w.db.Dialect() == dialect.Postgres { // SQLite has a single writer
			w.product(w.ana, "SKU-2")
			w.until(func() bool { return len(w.deliveries()) == 4 && w.allIn(delivery.StateSent) })
		}
		close(commit)
		require.NoError(t, <-done)
		w.until(func() bool {
			return w.count("product_changes WHERE batch_id IS NULL") == 0 && w.allIn(delivery.StateSent)
		})
		last := w.mailer.messages()[len(w.mailer.messages())-1]
		require.Contains(t, last.Text, "Late")
		require.Zero(t, w.count("product_changes WHERE batch_id IS NULL"))
	})
}

func TestDigestsWaitAndShareAMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.prefer(w.luis, notificationpreference.FrequencyHourly)
		w.prefer(w.ana, notificationpreference.FrequencyDaily)
		w.product(w.ana, "SKU-1")
		w.product(w.emma, "SKU-2")
		w.work()
		w.until(func() bool { return w.count("river_job WHERE kind = 'notify' AND state <> 'completed'") == 0 })
		w.until(func() bool { return w.mailer.received()["emma@example.com"] == 1 })

		byRecipient := map[uuid.UUID]*ent.Delivery{}
		for _, d := range w.deliveries() {
			byRecipient[d.RecipientID] = d
		}
		require.Len(t, w.deliveries(), 3)
		hourly, daily := byRecipient[w.luis.ID], byRecipient[w.ana.ID]
		require.Equal(t, 2, hourly.ChangeCount)
		require.Equal(t, 1, daily.ChangeCount, "Ana's own change is not in her digest")
		require.True(t, hourly.ScheduleTime.After(time.Now()))
		require.Zero(t, hourly.ScheduleTime.Minute())
		require.Zero(t, daily.ScheduleTime.Hour())
		require.Zero(t, w.mailer.received()["luis@example.com"])
		require.Equal(t, 2, w.count("river_job WHERE kind = 'deliver' AND state IN ('scheduled', 'available')"))

		// The hour ends.
		w.deliver(hourly.ID)
		w.until(func() bool { return w.mailer.received()["luis@example.com"] == 1 })
		digest := w.mailer.messages()[len(w.mailer.messages())-1]
		require.Equal(t, "Ana and Emma made 2 changes to 2 products", digest.Subject)
		require.Contains(t, digest.Text, "one mail an hour")

		// Later changes go into the next digest.
		w.product(w.ana, "SKU-3")
		w.until(func() bool { return len(w.deliveries()) == 5 })
		next := w.deliveries()[4]
		if next.RecipientID != w.luis.ID {
			next = w.deliveries()[3]
		}
		require.Equal(t, w.luis.ID, next.RecipientID)
		require.True(t, next.ScheduleTime.Equal(hourly.ScheduleTime.Add(time.Hour)))
	})
}

// deliver inserts a job that sends deliveries now.
func (w *world) deliver(ids ...uuid.UUID) {
	w.t.Helper()
	w.tx(w.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		return w.queue.Insert(ctx, tx, queue.Job{Args: queue.DeliverArgs{DeliveryIDs: ids}})
	})
}

func TestWorkerThatDiesAfterSendingDoesNotRepeat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.knows = true
		w.mailer.settle = 50 * time.Millisecond
		w.mailer.afterSend = func(try int, _ mail.Message) error {
			if try == 1 {
				panic("the process died here")
			}
			return nil
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
		_, asked := w.mailer.counts()
		require.NotZero(t, asked)
	})
}

func TestWorkerThatDiesBeforeSendingTriesAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.knows = true
		w.mailer.onSend = func(try int, _ mail.Message) error {
			if try == 1 {
				panic("the process died here")
			}
			return nil
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
		require.Equal(t, 2, w.deliveries()[0].AttemptCount)
	})
}

func TestAnswerThatGotLostIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.knows = true
		w.mailer.afterSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Unknown, Message: "the connection broke"}
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
		require.Empty(t, w.deliveries()[0].LastError)
	})
}

// Two jobs can query the same delivery, and one of them can send it before the other has its answer.
func TestAnswerThatIsOutdatedFreesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.settle = time.Hour
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Unknown, Message: "the connection broke"}
		}
		w.mailer.onAsk = func() {
			w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return tx.Delivery.Update().SetAttemptTime(time.Now().UTC()).AddAttemptCount(1).SetLastError("").Exec(ctx)
			})
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) == 2 && d[0].LastError != "" })
		w.deliver(w.deliveries()[0].ID, w.deliveries()[1].ID)
		w.until(func() bool {
			_, asked := w.mailer.counts()
			return asked > 0 && w.count("river_job WHERE kind = 'deliver' AND state = 'running'") == 0
		})
		tries, asked := w.mailer.counts()
		require.Equal(t, []int{1, 1}, []int{tries, asked})
		for _, d := range w.deliveries() {
			require.NotNil(t, d.AttemptTime)
			require.Equal(t, 2, d.AttemptCount)
		}
	})
}

// No mail is sent while it is unknown whether it was sent already.
func TestNothingIsSentWhileTheMailerCannotBeAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.askError = &mail.Error{Kind: mail.Temporary, Message: "the log is away"}
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Unknown, Message: "the connection broke"}
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) > 0 && d[0].AttemptCount >= 2 })
		tries, _ := w.mailer.counts()
		require.Equal(t, 1, tries)
		require.True(t, w.allIn(delivery.StatePending))
		require.Contains(t, w.deliveries()[0].LastError, "not known")
		require.Contains(t, w.deliveries()[0].LastError, "the log is away")
	})
}

// loseFirstAnswer makes the first message's outcome unknown, with a mail server that does not tell it.
func (w *world) loseFirstAnswer() {
	w.mailer.askError = &mail.Error{Kind: mail.Unreadable, Message: "Mailgun answered 401: Forbidden"}
	w.mailer.onSend = func(try int, _ mail.Message) error {
		if try > 1 {
			return nil
		}
		return &mail.Error{Kind: mail.Unknown, Message: "Mailgun answered 500"}
	}
}

func (w *world) warnings() []catalogv1.ListDeliveriesResponse_Warning {
	w.t.Helper()
	s := notification.NewService(w.db, w.queue, nil, w.health)
	resp, err := s.ListDeliveries(w.t.Context(), &catalogv1.ListDeliveriesRequest{})
	require.NoError(w.t, err)
	return resp.GetWarnings()
}

var unreadable = []catalogv1.ListDeliveriesResponse_Warning{catalogv1.ListDeliveriesResponse_WARNING_EVENTS_UNREADABLE}

func TestMailOfUnknownOutcomeIsSentAgainIfTheLogIsUnreadable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.resend = true
		w.loseFirstAnswer()
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		tries, _ := w.mailer.counts()
		require.Equal(t, 2, tries)
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
		require.Equal(t, unreadable, w.warnings())
	})
}

func TestMailOfUnknownOutcomeIsHeldUntilItIsRetried(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.loseFirstAnswer()
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool {
			d := w.deliveries()
			return len(d) == 2 && strings.Contains(d[0].LastError, "may not read events")
		})
		require.True(t, w.allIn(delivery.StatePending))
		require.Equal(t, unreadable, w.warnings())
		s := notification.NewService(w.db, w.queue, nil, w.health)
		for _, d := range w.deliveries() {
			_, err := s.RetryDelivery(t.Context(), &catalogv1.RetryDeliveryRequest{Id: d.ID.String()})
			require.NoError(t, err)
		}
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
	})
}

func TestUnreadableLogIsNoticedAtTheStart(t *testing.T) {
	var health notification.Health
	var log strings.Builder
	mailer := &postbox{askError: &mail.Error{Kind: mail.Unreadable, Message: "Mailgun answered 401: Forbidden"}}
	health.CheckLog(t.Context(), mailer, true, slog.New(slog.NewTextHandler(&log, nil)))
	require.Equal(t, 1, strings.Count(log.String(), "may not read events"))
	mailer.askError = nil
	health.CheckLog(t.Context(), mailer, true, slog.New(slog.NewTextHandler(&log, nil)))
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "a key that may is not worth a line")
}

func TestTemporaryFailureIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(try int, _ mail.Message) error {
			if try == 1 {
				return &mail.Error{Kind: mail.Temporary, RetryAfter: 10 * time.Millisecond, Message: "busy"}
			}
			return nil
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) > 0 && d[0].LastError == "busy" })
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		_, asked := w.mailer.counts()
		require.Zero(t, asked)
		require.Equal(t, 2, w.deliveries()[0].AttemptCount)
	})
}

func TestRetryAfterIsRespected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Temporary, RetryAfter: time.Hour, Message: "too many"}
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) > 0 && d[0].LastError == "too many" })
		w.until(func() bool { return w.count("river_job WHERE kind = 'deliver' AND state = 'scheduled'") == 1 })
		var at time.Time
		require.NoError(t, w.db.ReadSQL().QueryRowContext(t.Context(),
			"SELECT scheduled_at FROM river_job WHERE kind = 'deliver'").Scan(&at))
		require.Greater(t, time.Until(at), 50*time.Minute)
	})
}

func TestOneBadAddressDoesNotCostTheOthersTheirMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(_ int, m mail.Message) error {
			for _, to := range m.To {
				if strings.HasPrefix(to.Address, "emma") {
					return &mail.Error{Kind: mail.Permanent, Message: "'to' parameter is not a valid address"}
				}
			}
			return nil
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool {
			return w.count("deliveries WHERE state = 'failed'") == 1 && w.count("deliveries WHERE state = 'sent'") == 1
		})
		require.Equal(t, map[string]int{"luis@example.com": 1}, w.mailer.received())
		tries, _ := w.mailer.counts()
		require.Equal(t, 3, tries) // one for both, then one each; none for the bad address after that
		w.untilIdle()
		tries, _ = w.mailer.counts()
		require.Equal(t, 3, tries)
	})
}

func TestLastTryFailsVisibly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Temporary, Message: "still busy"}
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) > 0 && d[0].LastError != "" })
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Delivery.Update().SetAttemptCount(19).Exec(ctx)
		})
		w.deliver(w.deliveries()[0].ID, w.deliveries()[1].ID)
		w.until(func() bool { return w.allIn(delivery.StateFailed) })
		require.Equal(t, "still busy", w.deliveries()[0].LastError)
		require.Nil(t, w.deliveries()[0].AttemptTime)
	})
}

func TestRecipientWhoLeftGetsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.onSend = func(int, mail.Message) error {
			return &mail.Error{Kind: mail.Temporary, RetryAfter: time.Hour, Message: "busy"}
		}
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { d := w.deliveries(); return len(d) > 0 && d[0].LastError != "" })
		w.mailer.refuse(nil)
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetDisabled(true) })
		w.deliver(w.deliveries()[0].ID, w.deliveries()[1].ID)
		w.until(func() bool { return w.count("deliveries WHERE state = 'pending'") == 0 })
		require.Equal(t, map[string]int{"emma@example.com": 1}, w.mailer.received())
		for _, d := range w.deliveries() {
			if d.RecipientID == w.luis.ID {
				require.Equal(t, delivery.StateFailed, d.State)
				require.Contains(t, d.LastError, "no longer an active administrator")
			}
		}
	})
}

func TestMailerThatTakesOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.batch = 1
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Len(t, w.mailer.messages(), 2)
		require.Equal(t, map[string]int{"luis@example.com": 1, "emma@example.com": 1}, w.mailer.received())
	})
}

func TestLocalMailboxNeverHoldsAMailTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		box := mail.NewMailbox(t.TempDir())
		w.product(w.ana, "SKU-1")
		w.work(&dying{Mailbox: box})
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		items, err := box.List(mail.Position{}, 10, func(*mail.Item) bool { return true })
		require.NoError(t, err)
		require.Len(t, items, 2)
	})
}

// dying is a mailer that sends the first mail and crashes before it returns.
type dying struct {
	*mail.Mailbox

	died atomic.Bool // two workers may send concurrently
}

func (d *dying) Send(ctx context.Context, m mail.Message) (string, error) {
	id, err := d.Mailbox.Send(ctx, m)
	if !d.died.Swap(true) {
		panic("the process died here")
	}
	return id, err
}
