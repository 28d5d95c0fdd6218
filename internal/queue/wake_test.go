package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
)

// Jobs start when they are due, in all processes, without polling.
func TestWorkersAreWoken(t *testing.T) {
	for _, name := range dbtest.Dialects() {
		url := dbtest.URL(t, name)
		d := dbtest.Open(t, url)
		require.NoError(t, d.Migrate(t.Context()))
		require.NoError(t, d.Watch(t.Context()))
		q := newQueue(t, d)
		workers := river.NewWorkers()
		started := make(chan int, 3)
		river.AddWorker(workers, &stepWorker{work: func(_ context.Context, job *river.Job[stepArgs]) error {
			started <- job.Args.N
			return nil
		}})
		require.NoError(t, q.Work(t.Context(), workers, queue.WorkerConfig{PollInterval: time.Hour}))
		t.Cleanup(func() { require.NoError(t, q.Stop(context.Background())) })

		due := time.Now().Add(time.Second)
		insert(t, d, q, queue.Job{Args: stepArgs{N: 2}, At: due})
		insert(t, d, q, queue.Job{Args: stepArgs{N: 1}})
		other := d
		if name == "postgres" {
			other = dbtest.Open(t, url)
		}
		insert(t, other, newQueue(t, other), queue.Job{Args: stepArgs{N: 3}})
		seen := map[int]bool{}
		for range 3 {
			select {
			case n := <-started:
				seen[n] = true
				require.False(t, n == 2 && time.Now().Before(due), "too early")
			case <-time.After(patience):
				t.Fatalf("only %v started", seen)
			}
		}
		require.Equal(t, map[int]bool{1: true, 2: true, 3: true}, seen, name)
	}
}
