package queue

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/riverdriver"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// River's maintenance computes horizons by the clock of its machine.
func TestMaintenanceOnAMachineWithAWrongClock(t *testing.T) {
	url := dbtest.URL(t, "postgres")
	require.NoError(t, dbtest.Open(t, url).Migrate(t.Context()))
	for _, wrong := range []time.Duration{time.Hour, -time.Hour} {
		machine := func() time.Time { return time.Now().Add(wrong) }
		d := dbtest.Open(t, url, db.MachineClock(machine))
		q, err := New(d, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		_, err = d.SQL().ExecContext(t.Context(), "DELETE FROM river_job")
		require.NoError(t, err)
		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			args := NotifyArgs{ActorID: uuid.New(), ChangeTime: d.Now()}
			return q.Insert(ctx, tx, Job{Args: args}, Job{Args: args}, Job{Args: args, At: d.Now().Add(time.Minute)})
		}))
		var due int
		require.NoError(t, d.SQL().QueryRowContext(t.Context(),
			"SELECT count(*) FROM river_job WHERE state = 'available' AND scheduled_at <= now()").Scan(&due))
		require.Equal(t, 2, due, "the jobs for now are due by the clock of the database")

		for _, statement := range []string{
			"UPDATE river_job SET state = 'running', attempted_at = now() - interval '10 minutes'" +
				" WHERE id = (SELECT max(id) FROM river_job)",
			"UPDATE river_job SET state = 'running', attempted_at = now() WHERE id = (SELECT min(id) FROM river_job)",
			"UPDATE river_job SET state = 'completed', finalized_at = now() WHERE state = 'available'",
		} {
			_, err := d.SQL().ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		exec := wakingDriver{q.driver, newWaker(d.Clock())}.GetExecutor()
		stuck, err := exec.JobGetStuck(t.Context(),
			&riverdriver.JobGetStuckParams{Max: 10, StuckHorizon: machine().Add(-5 * time.Minute)})
		require.NoError(t, err)
		require.Len(t, stuck, 1, "the one that runs for ten minutes")
		deleted, err := exec.JobDeleteBefore(t.Context(), &riverdriver.JobDeleteBeforeParams{
			CompletedDoDelete: true, CompletedFinalizedAtHorizon: machine().Add(-time.Minute), Max: 10,
		})
		require.NoError(t, err)
		require.Zero(t, deleted, "it has just ended")
	}
}
