package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestInsert(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, err := queue.New(d, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		args := queue.NotifyArgs{ActorID: uuid.New(), ChangeTime: time.Now().UTC()}
		insert := func(end error) error {
			return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				require.NoError(t, q.Insert(ctx, tx,
					queue.Job{Args: args},
					queue.Job{Args: args, At: time.Now().Add(time.Hour), MaxAttempts: 3}))
				require.NoError(t, q.Insert(ctx, tx))
				return end
			})
		}

		errRefused := errors.New("refused")
		require.ErrorIs(t, insert(errRefused), errRefused)
		require.Equal(t, 0, countJobs(t, d, ""), "a rolled-back transaction left jobs")

		require.NoError(t, insert(nil))
		require.Equal(t, 2, countJobs(t, d, ""))
		require.Equal(t, 1, countJobs(t, d, "WHERE max_attempts = 3"), "the one for later")
		require.Equal(t, 1, countJobs(t, d, "WHERE max_attempts = 25"))
	})
}

func countJobs(t *testing.T, d *db.DB, where string) int {
	t.Helper()
	var n int
	require.NoError(t, d.ReadSQL().QueryRowContext(t.Context(), "SELECT count(*) FROM river_job "+where).Scan(&n))
	return n
}
