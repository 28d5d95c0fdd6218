package queue_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestStats(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		stats := func() queue.Stats {
			s, err := q.Stats(t.Context())
			require.NoError(t, err)
			return s
		}
		require.Equal(t, queue.Stats{OldestDue: map[string]time.Duration{"default": 0, "mail": 0}}, stats())

		insert(t, d, q,
			queue.Job{Args: queue.NotifyArgs{ActorID: uuid.New()}, At: time.Now().Add(-time.Hour)},
			queue.Job{Args: queue.NotifyArgs{ActorID: uuid.New()}, At: time.Now().Add(time.Hour)},
			queue.Job{Args: queue.DeliverArgs{}, At: time.Now().Add(-2 * time.Hour)},
			queue.Job{Args: queue.AccountMailArgs{}})
		s := stats()
		require.InDelta(t, time.Hour, s.OldestDue["default"], float64(time.Minute))
		require.InDelta(t, 2*time.Hour, s.OldestDue["mail"], float64(time.Minute))
		require.Equal(t, []queue.JobCount{
			{Kind: "account_mail", State: rivertype.JobStateAvailable, Count: 1},
			{Kind: "deliver", State: rivertype.JobStateAvailable, Count: 1},
			{Kind: "notify", State: rivertype.JobStateAvailable, Count: 1},
			{Kind: "notify", State: rivertype.JobStateScheduled, Count: 1},
		}, s.Jobs)

		_, err := d.SQL().ExecContext(t.Context(), "UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP")
		require.NoError(t, err)
		require.Equal(t, queue.Stats{OldestDue: map[string]time.Duration{"default": 0, "mail": 0}}, stats())
	})
}
