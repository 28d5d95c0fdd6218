package notification_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
)

func TestStats(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stats := func() notification.Stats {
			s, err := notification.ReadStats(t.Context(), w.db)
			require.NoError(t, err)
			return s
		}
		none := map[delivery.State]int64{"pending": 0, "failed": 0, "bounced": 0, "complained": 0}
		require.Equal(t, notification.Stats{Deliveries: none}, stats())

		w.prefer(w.luis, notificationpreference.FrequencyDaily)
		w.mailer.refuse(&mail.Error{Kind: mail.Permanent, Message: "not allowed"})
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.count("deliveries WHERE state = 'failed'") == 1 })
		s := stats()
		require.EqualValues(t, 1, s.Deliveries[delivery.StateFailed])
		require.EqualValues(t, 1, s.Deliveries[delivery.StatePending])
		require.Zero(t, s.OldestPending, "a digest is not late before its day is over")

		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Delivery.Update().Where(delivery.StateEQ(delivery.StatePending)).
				SetScheduleTime(time.Now().Add(-time.Hour)).Exec(ctx)
		})
		require.InDelta(t, time.Hour, stats().OldestPending, float64(time.Minute))
	})
}
