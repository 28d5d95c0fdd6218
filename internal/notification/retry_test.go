package notification_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/queue"
)

func TestRetryDelivery(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mailer.refuse(&mail.Error{Kind: mail.Permanent, Message: "not allowed"})
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateFailed) })
		w.mailer.refuse(nil)
		s := notification.NewService(w.db, w.queue, nil, w.health)
		retry := func(id uuid.UUID) (*catalogv1.RetryDeliveryResponse, error) {
			return s.RetryDelivery(t.Context(), &catalogv1.RetryDeliveryRequest{Id: id.String()})
		}
		failed := w.deliveries()[0]
		require.Equal(t, "not allowed", failed.LastError)
		resp, err := retry(failed.ID)
		require.NoError(t, err)
		require.NotEqual(t, failed.MessageID, resp.GetDelivery().GetMessageId())
		w.until(func() bool { return w.count("deliveries WHERE state = 'sent'") == 1 })
		require.Equal(t, map[string]int{failed.RecipientEmail: 1}, w.mailer.received())

		_, err = retry(failed.ID)
		require.True(t, fault.Is(err, fault.DeliveryNotRetryable), "%v", err)
		_, err = retry(uuid.New())
		require.True(t, fault.Is(err, fault.DeliveryNotFound), "%v", err)
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetDisabled(true) })
		w.update(w.emma, func(u *ent.AdminUpdateOne) { u.SetDeleteTime(time.Now()) })
		_, err = retry(w.deliveries()[1].ID)
		require.True(t, fault.Is(err, fault.DeliveryNotRetryable), "%v", err)
	})
}

// failMails makes one change by each of three administrators. The mails about them fail permanently.
func (w *world) failMails() *notification.Service {
	w.t.Helper()
	w.mailer.refuse(&mail.Error{Kind: mail.Permanent, Message: "not allowed"})
	for i, a := range []*ent.Admin{w.ana, w.luis, w.emma} {
		w.product(a, fmt.Sprintf("SKU-%d", i))
	}
	w.work()
	w.until(func() bool { return len(w.deliveries()) == 6 && w.allIn(delivery.StateFailed) })
	w.untilIdle()
	w.mailer.refuse(nil)
	return notification.NewService(w.db, w.queue, nil, w.health)
}

func TestBatchRetryDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.failMails()
		rows := w.deliveries()
		ids := []string{uuid.NewString()}
		for _, d := range rows {
			ids = append(ids, d.ID.String())
		}
		w.update(w.emma, func(u *ent.AdminUpdateOne) { u.SetDisabled(true) })
		before, _ := w.mailer.counts()
		retry := func() *catalogv1.BatchRetryDeliveriesResponse {
			resp, err := s.BatchRetryDeliveries(t.Context(), &catalogv1.BatchRetryDeliveriesRequest{Ids: ids})
			require.NoError(t, err)
			return resp
		}
		resp := retry()
		require.EqualValues(t, 4, resp.GetScheduledCount())
		require.Zero(t, resp.GetPendingCount())
		require.Len(t, resp.GetRefusals(), 3)
		reasons := map[string]string{}
		for _, r := range resp.GetRefusals() {
			reasons[r.GetRecipientEmail()] = r.GetReason() + ": " + r.GetMessage()
		}
		require.Equal(t, map[string]string{
			"":                 "DELIVERY_NOT_FOUND: there is no delivery " + ids[0],
			"emma@example.com": "DELIVERY_NOT_RETRYABLE: the recipient is no longer an active administrator",
		}, reasons)

		w.until(func() bool { return w.count("deliveries WHERE state = 'sent'") == 4 })
		after, _ := w.mailer.counts()
		require.Equal(t, 3, after-before, "one message for each batch")
		require.Equal(t, map[string]int{"ana@example.com": 2, "luis@example.com": 2}, w.mailer.received())
		for _, r := range retry().GetRefusals() {
			require.NotEmpty(t, r.GetReason())
		}
		require.Zero(t, retry().GetScheduledCount(), "those that were sent are not sent twice")
	})
}

func TestBatchRetryOfPendingDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.failMails()
		require.NoError(t, w.queue.Stop(t.Context()))
		req := &catalogv1.BatchRetryDeliveriesRequest{Ids: []string{w.deliveries()[0].ID.String()}}
		first, err := s.BatchRetryDeliveries(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, []int32{1, 0}, []int32{first.GetScheduledCount(), first.GetPendingCount()})
		second, err := s.BatchRetryDeliveries(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, []int32{0, 1}, []int32{second.GetScheduledCount(), second.GetPendingCount()})
		require.Equal(t, 1, w.count("river_job WHERE kind = 'deliver' AND state = 'available'"))
	})
}

func TestRetryFailedDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.failMails()
		rows := w.deliveries()
		retry := func(req *catalogv1.RetryFailedDeliveriesRequest) (scheduled, refused int32) {
			resp, err := s.RetryFailedDeliveries(t.Context(), req)
			require.NoError(t, err)
			require.Empty(t, resp.GetNextPageToken())
			require.Len(t, resp.GetRefusals(), int(resp.GetRefusedCount()))
			return resp.GetScheduledCount(), resp.GetRefusedCount()
		}
		counts := func(scheduled, refused int32) []int32 { return []int32{scheduled, refused} }
		for _, seconds := range []int64{math.MinInt64, -62135596801, 253402300800} { // as binary requests can hold
			_, err := s.RetryFailedDeliveries(t.Context(), &catalogv1.RetryFailedDeliveriesRequest{
				FailTimeFrom: &timestamppb.Timestamp{Seconds: seconds},
			})
			var refused *fault.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, fault.Violation{
				Field: "fail_time_from", Reason: fault.FieldOutOfRange, Description: "must be a time in the years 1 to 9999",
			}, refused.Violations[0])
		}
		later := timestamppb.New(time.Now().Add(time.Minute))
		require.Equal(t, counts(0, 0), counts(retry(&catalogv1.RetryFailedDeliveriesRequest{FailTimeFrom: later})))
		require.Equal(t, counts(2, 0), counts(retry(&catalogv1.RetryFailedDeliveriesRequest{
			RecipientId: w.luis.ID.String(), FailTimeFrom: timestamppb.New(rows[0].CreateTime),
		})))
		w.until(func() bool { return w.mailer.received()["luis@example.com"] == 2 })
		require.Equal(t, map[string]int{"luis@example.com": 2}, w.mailer.received())

		w.update(w.emma, func(u *ent.AdminUpdateOne) { u.SetDeleteTime(time.Now()) })
		require.Equal(t, counts(2, 2), counts(retry(&catalogv1.RetryFailedDeliveriesRequest{})))
		w.until(func() bool { return w.count("deliveries WHERE state = 'sent'") == 4 })
		require.Equal(t, counts(0, 2), counts(retry(&catalogv1.RetryFailedDeliveriesRequest{})))
		require.Equal(t, map[string]int{"luis@example.com": 2, "ana@example.com": 2}, w.mailer.received())
	})
}

// After an outage of a day, a retry takes more than one transaction.
func TestRetryManyFailedDeliveries(t *testing.T) {
	const batches, others = 22, 50
	failTime := time.Now().Add(-time.Hour)
	each(t, func(t *testing.T, w *world) {
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			admins := make([]*ent.AdminCreate, others)
			for i := range admins {
				admins[i] = tx.Admin.Create().SetName("Admin").SetEmail(fmt.Sprintf("%d@example.com", i)).SetPasswordHash("hash")
			}
			recipients, err := tx.Admin.CreateBulk(admins...).Save(ctx)
			if err != nil {
				return err
			}
			for i := range batches {
				batch, err := tx.NotificationBatch.Create().SetActorID(w.ana.ID).SetChangeCount(0).Save(ctx)
				if err != nil {
					return err
				}
				rows := make([]*ent.DeliveryCreate, len(recipients))
				for j, r := range recipients {
					rows[j] = tx.Delivery.Create().SetRecipientID(r.ID).SetRecipientEmail(r.Email).AddBatchIDs(batch.ID).
						SetDedupKey("batch/" + batch.ID.String()).SetMessageID("x@example.com").
						SetState(delivery.StateFailed).SetUpdateTime(failTime.Add(time.Duration(i) * time.Second))
				}
				if err := tx.Delivery.CreateBulk(rows...).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		s := notification.NewService(w.db, w.queue, nil, w.health)
		resp, err := s.RetryFailedDeliveries(t.Context(), &catalogv1.RetryFailedDeliveriesRequest{})
		require.NoError(t, err)
		for resp.GetNextPageToken() != "" { // on a slow machine
			next, err := s.RetryFailedDeliveries(t.Context(),
				&catalogv1.RetryFailedDeliveriesRequest{PageToken: resp.GetNextPageToken()})
			require.NoError(t, err)
			next.ScheduledCount += resp.GetScheduledCount()
			resp = next
		}
		require.EqualValues(t, batches*others, resp.GetScheduledCount())
		require.Equal(t, batches, w.count("river_job"), "one job for each message")
		w.work()
		w.until(func() bool { return w.count("deliveries WHERE state = 'sent'") == batches*others })
		calls, _ := w.mailer.counts()
		require.Equal(t, batches, calls)
	})
}

func TestRetryOfMailsWithLinks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetPasswordHash("") }) // is invited
		w.mailer.refuse(&mail.Error{Kind: mail.Permanent, Message: "not allowed"})
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return w.queue.Insert(ctx, tx,
				queue.Job{Args: queue.AccountMailArgs{AdminID: w.luis.ID, Purpose: "invitation"}},
				queue.Job{Args: queue.AccountMailArgs{AdminID: w.emma.ID, Purpose: "password_reset"}})
		})
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 2 && w.allIn(delivery.StateFailed) })
		w.mailer.refuse(nil)
		s := notification.NewService(w.db, w.queue, nil, w.health)
		resp, err := s.RetryFailedDeliveries(t.Context(), &catalogv1.RetryFailedDeliveriesRequest{})
		require.NoError(t, err)
		require.EqualValues(t, 2, resp.GetScheduledCount())
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Len(t, w.mailer.messages(), 2)

		w.update(w.luis, func(u *ent.AdminUpdateOne) { u.SetPasswordHash("hash") })
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Delivery.Update().SetState(delivery.StateFailed).Exec(ctx)
		})
		resp, err = s.RetryFailedDeliveries(t.Context(), &catalogv1.RetryFailedDeliveriesRequest{})
		require.NoError(t, err)
		require.EqualValues(t, 1, resp.GetScheduledCount())
		require.Equal(t, "the recipient has accepted an invitation already", resp.GetRefusals()[0].GetMessage())

		list, err := s.ListDeliveries(t.Context(), &catalogv1.ListDeliveriesRequest{})
		require.NoError(t, err)
		kinds := map[string]catalogv1.Delivery_Kind{}
		for _, d := range list.GetDeliveries() {
			kinds[d.GetRecipientEmail()] = d.GetKind()
		}
		require.Equal(t, map[string]catalogv1.Delivery_Kind{
			"luis@example.com": catalogv1.Delivery_KIND_INVITATION,
			"emma@example.com": catalogv1.Delivery_KIND_PASSWORD_RESET,
		}, kinds)
	})
}

func TestRetryFailedRefusesTokensOfOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := notification.NewService(w.db, w.queue, nil, w.health)
		_, err := s.RetryFailedDeliveries(t.Context(), &catalogv1.RetryFailedDeliveriesRequest{PageToken: "nonsense"})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "%v", err)
	})
}
