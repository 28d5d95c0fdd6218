package queue_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/internal/telemetry"
	"github.com/zebrands/catalog/test/dbtest"
)

// openRiver034 returns a database with a queue in the state in which a killed release with River 0.34 leaves it.
func openRiver034(t *testing.T, name string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dbtest.URL(t, name), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	dump, err := os.ReadFile(filepath.Join("testdata", "river_0.34_"+d.Dialect()+".sql"))
	require.NoError(t, err)
	_, err = d.SQL().ExecContext(t.Context(), string(dump))
	require.NoError(t, err)
	return d
}

// The previous release's jobs run after the upgrade, with all their metadata, and each once.
func TestJobsOfRiver034AreWorked(t *testing.T) {
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			d := openRiver034(t, name)
			pending, err := d.Pending(t.Context())
			require.NoError(t, err)
			require.NotContains(t, strings.Join(pending, " "), "river 006")
			require.Contains(t, strings.Join(pending, " "), "river 007")
			require.NoError(t, d.Migrate(t.Context()))
			require.NoError(t, d.Migrate(t.Context()), "and again")

			type run struct {
				attempt int
				request string
			}
			runs := make(chan map[int]run, 1)
			runs <- map[int]run{}
			events := work(t, newQueue(t, d), func(ctx context.Context, job *river.Job[stepArgs]) error {
				seen := <-runs
				seen[job.Args.N] = run{job.Attempt, telemetry.RequestID(ctx)}
				runs <- seen
				return nil
			})
			for range 3 {
				require.Equal(t, river.EventKindJobCompleted, next(t, events).Kind)
			}
			require.Equal(t, map[int]run{2: {2, "r1"}, 3: {2, "r1"}, 6: {1, "r1"}}, <-runs,
				"the one that failed, the one that was cut short and the one that was due")
			require.Equal(t, 1, countJobs(t, d, "WHERE state = 'available' AND attempt = 0"), "the one for later")
		})
	}
}

// The previous release reads only text, and may be rolled back to.
func TestJobsOnSQLiteAreText(t *testing.T) {
	d := openRiver034(t, "sqlite")
	require.NoError(t, d.Migrate(t.Context()))
	const binary = "WHERE 'blob' IN (typeof(args), typeof(attempted_by), typeof(errors), typeof(metadata), typeof(tags))"
	require.Zero(t, countJobs(t, d, binary))
	q := newQueue(t, d)
	events := work(t, q, func(_ context.Context, job *river.Job[stepArgs]) error {
		if job.Attempt == 1 {
			return context.DeadlineExceeded
		}
		return nil
	})
	insert(t, d, q, queue.Job{Args: stepArgs{N: 7}})
	for range 5 { // three earlier ones, and the new one twice
		next(t, events)
	}
	require.Zero(t, countJobs(t, d, binary))
	require.Equal(t, 1, countJobs(t, d, `WHERE args = '{"n":7}' AND errors LIKE '%deadline exceeded%'`))
}

// No process runs jobs while their format changes.
func TestSQLiteIsNotMigratedWhileItIsServed(t *testing.T) {
	d := openRiver034(t, "sqlite")
	lock, err := d.TryLock(t.Context(), db.QueueLock)
	require.NoError(t, err)
	require.ErrorIs(t, d.Migrate(t.Context()), db.ErrServed)
	require.NoError(t, lock.Release())
	require.NoError(t, d.Migrate(t.Context()))
}
