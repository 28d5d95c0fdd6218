package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// patience bounds every wait in a test, generously.
const patience = wait.Patience

type stepArgs struct {
	N int `json:"n"`
}

func (stepArgs) Kind() string { return "step" }

// stepWorker runs a function of its test.
type stepWorker struct {
	river.WorkerDefaults[stepArgs]

	work func(ctx context.Context, job *river.Job[stepArgs]) error
}

func (w *stepWorker) Work(ctx context.Context, job *river.Job[stepArgs]) error {
	return w.work(ctx, job)
}

func (*stepWorker) NextRetry(*river.Job[stepArgs]) time.Time { return time.Now() }

func newQueue(t testing.TB, d *db.DB) *queue.Queue {
	t.Helper()
	q, err := queue.New(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return q
}

// work starts a queue, which stops with the test at the latest, and returns its events.
func work(
	t *testing.T, q *queue.Queue, fn func(ctx context.Context, job *river.Job[stepArgs]) error,
) <-chan *river.Event {
	t.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, &stepWorker{work: fn})
	require.NoError(t, q.Work(t.Context(), workers, queue.WorkerConfig{PollInterval: 10 * time.Millisecond}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, q.Stop(ctx))
	})
	events, _ := q.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed)
	return events
}

func insert(t *testing.T, d *db.DB, q *queue.Queue, jobs ...queue.Job) {
	t.Helper()
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		return q.Insert(ctx, tx, jobs...)
	}))
}

func next(t *testing.T, events <-chan *river.Event) *river.Event {
	t.Helper()
	select {
	case event := <-events:
		return event
	case <-time.After(patience):
		t.Fatal("no job ended")
		return nil
	}
}

func nothing(context.Context, *river.Job[stepArgs]) error { return nil }

func TestWorkRunsJobsWhenTheyAreDue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		due := time.Now().Add(2 * time.Second) // late enough for a slow machine to run the other first
		var early atomic.Bool
		events := work(t, q, func(_ context.Context, job *river.Job[stepArgs]) error {
			if job.Args.N == 2 && time.Now().Before(due) {
				early.Store(true)
			}
			return nil
		})
		insert(t, d, q, queue.Job{Args: stepArgs{N: 2}, At: due}, queue.Job{Args: stepArgs{N: 1}})
		require.JSONEq(t, `{"n": 1}`, string(next(t, events).Job.EncodedArgs))
		require.JSONEq(t, `{"n": 2}`, string(next(t, events).Job.EncodedArgs))
		require.False(t, early.Load())
		require.Less(t, time.Since(due), 4*time.Second, "it must not wait for River's scheduler")
	})
}

func TestWorkTriesAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		events := work(t, q, func(_ context.Context, job *river.Job[stepArgs]) error {
			switch {
			case job.Args.N == 2:
				return errors.New("never works")
			case job.Attempt == 1:
				return errors.New("not yet")
			case job.Attempt == 2:
				panic("not yet")
			default:
				return nil
			}
		})
		insert(t, d, q, queue.Job{Args: stepArgs{N: 1}})
		require.Equal(t, river.EventKindJobFailed, next(t, events).Kind)
		require.Equal(t, river.EventKindJobFailed, next(t, events).Kind)
		require.Equal(t, river.EventKindJobCompleted, next(t, events).Kind)

		insert(t, d, q, queue.Job{Args: stepArgs{N: 2}, MaxAttempts: 2})
		next(t, events)
		require.EqualValues(t, "discarded", next(t, events).Job.State, "and stays to be looked at")
	})
}

// A worker writes and inserts jobs while others do: no code may wait for SQLite's single connection while holding it.
func TestWorkersMayWrite(t *testing.T) {
	const chain = 50
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		events := work(t, q, func(ctx context.Context, job *river.Job[stepArgs]) error {
			return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
				if job.Args.N == chain {
					return nil
				}
				return q.Insert(ctx, tx, queue.Job{Args: stepArgs{N: job.Args.N + 1}})
			})
		})
		jobs := make([]queue.Job, 100)
		for i := range jobs {
			jobs[i] = queue.Job{Args: stepArgs{N: chain - 1}}
		}
		insert(t, d, q, jobs...)
		for range 2 * len(jobs) {
			require.Equal(t, river.EventKindJobCompleted, next(t, events).Kind)
		}
	})
}

func TestStopWaitsForJobs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		started, finish := make(chan struct{}), make(chan struct{})
		work(t, q, func(context.Context, *river.Job[stepArgs]) error {
			close(started)
			<-finish
			return nil
		})
		insert(t, d, q, queue.Job{Args: stepArgs{}})
		<-started
		stopped := make(chan error, 1)
		go func() { stopped <- q.Stop(context.Background()) }()
		select {
		case <-stopped:
			t.Fatal("did not wait")
		case <-time.After(50 * time.Millisecond):
		}
		close(finish)
		require.NoError(t, <-stopped)
		require.Equal(t, 1, countJobs(t, d, "WHERE state = 'completed'"))
	})
}

func TestStopCancelsJobsThatTakeTooLong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		started := make(chan struct{})
		work(t, q, func(ctx context.Context, _ *river.Job[stepArgs]) error {
			close(started)
			<-ctx.Done()
			return ctx.Err()
		})
		insert(t, d, q, queue.Job{Args: stepArgs{}})
		<-started
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, q.Stop(ctx), context.DeadlineExceeded)
		require.Equal(t, river.EventKindJobCompleted, next(t, work(t, newQueue(t, d), nothing)).Kind)
	})
}

func TestJobsOfADeadProcessStartAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		insert(t, d, q, queue.Job{Args: stepArgs{}})
		owner := map[string]string{"postgres": "ARRAY['dead']", "sqlite3": `'["dead"]'`}[d.Dialect()]
		_, err := d.SQL().ExecContext(t.Context(),
			"UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP, attempted_by = "+owner)
		require.NoError(t, err)
		event := next(t, work(t, q, nothing))
		require.Equal(t, river.EventKindJobCompleted, event.Kind)
		require.Equal(t, 2, event.Job.Attempt)
	})
}

func TestJobsOfALivingProcessAreLeftAlone(t *testing.T) {
	d := dbtest.New(t, "postgres")
	first, second := newQueue(t, d), newQueue(t, d)
	started, finish := make(chan struct{}), make(chan struct{})
	events := work(t, first, func(context.Context, *river.Job[stepArgs]) error {
		close(started)
		<-finish
		return nil
	})
	insert(t, d, first, queue.Job{Args: stepArgs{}})
	<-started
	work(t, second, func(context.Context, *river.Job[stepArgs]) error {
		t.Error("ran twice")
		return nil
	})
	require.Equal(t, 1, countJobs(t, d, "WHERE state = 'running'"))
	close(finish)
	require.Equal(t, river.EventKindJobCompleted, next(t, events).Kind)
}

// Mails with links overtake thousands of mails about changes.
func TestMailsWithLinksStartFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		jobs := make([]queue.Job, 100)
		for i := range jobs {
			jobs[i] = queue.Job{Args: queue.DeliverArgs{}}
		}
		insert(t, d, q, jobs...)
		insert(t, d, q, queue.Job{Args: queue.AccountMailArgs{}}, queue.Job{Args: queue.DeliverLinkArgs{}})
		workers := river.NewWorkers()
		river.AddWorker(workers, river.WorkFunc(doNothing[queue.DeliverArgs]))
		river.AddWorker(workers, river.WorkFunc(doNothing[queue.DeliverLinkArgs]))
		river.AddWorker(workers, river.WorkFunc(doNothing[queue.AccountMailArgs]))
		require.NoError(t, q.Work(t.Context(), workers, queue.WorkerConfig{MaxWorkers: 1}))
		t.Cleanup(func() { require.NoError(t, q.Stop(context.Background())) })
		require.Eventually(t, func() bool {
			return countJobs(t, d, "WHERE kind = 'deliver' AND state = 'completed'") > 0
		}, patience, 10*time.Millisecond)
		require.Zero(t, countJobs(t, d, "WHERE kind <> 'deliver' AND state <> 'completed'"))
	})
}

func doNothing[T river.JobArgs](context.Context, *river.Job[T]) error { return nil }

func TestOneProcessWorksASQLiteDatabase(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	first, second := newQueue(t, d), newQueue(t, d)
	work(t, first, nothing)
	require.ErrorIs(t, second.Work(t.Context(), river.NewWorkers(), queue.WorkerConfig{}), queue.ErrWorked)
	require.NoError(t, second.Stop(t.Context()))
	require.NoError(t, first.Stop(t.Context()))
	work(t, second, nothing)
}
