package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/zebrands/catalog/internal/clock"
)

// WorkerConfig configures Work. Zero fields have the defaults that their comments name.
type WorkerConfig struct {
	// MaxWorkers is the number of concurrent jobs per lane: 16.
	MaxWorkers int
	// PollInterval is the interval at which a lane polls for due jobs without a notification, because a connection was
	// lost, the previous release inserted them, or they wait for a retry: 250 ms.
	PollInterval time.Duration
	// JobTimeout is the timeout of a job whose worker has no Timeout of its own: 1 minute.
	JobTimeout time.Duration
}

const (
	defaultMaxWorkers   = 16
	defaultPollInterval = 250 * time.Millisecond
	defaultJobTimeout   = time.Minute
	// fetchPause is the minimum interval between two fetches while there are many jobs.
	fetchPause = 20 * time.Millisecond
	// rescueGrace is how long after its timeout a job of a live process counts as stuck.
	rescueGrace = time.Minute
	// completedRetention is how long completed jobs are kept for inspection.
	completedRetention = time.Hour
	// stopGrace bounds how long canceled jobs may take to return.
	stopGrace = 2 * time.Second
)

// Work starts the workers and returns. They stop with Stop, not with ctx. Jobs of a killed process are rescued
// immediately on SQLite, or once PostgreSQL notices the lost connection, and otherwise after the job's timeout plus
// a minute.
//
// Workers may override NextRetry and Timeout. Returns ErrWorked if another process runs the jobs of this SQLite
// database.
func (q *Queue) Work(ctx context.Context, workers *river.Workers, config WorkerConfig) error {
	id := uuid.NewString()
	presence, err := q.enter(ctx, id)
	if err != nil {
		return err
	}
	waker := newWaker(q.db.Clock())
	client, err := river.NewClient(wakingDriver{q.driver, waker}, q.clientConfig(id, workers, config))
	if err != nil {
		return errors.Join(fmt.Errorf("queue: %w", err), presence.leave())
	}
	unsubscribe := q.db.Subscribe(wakeTopic, waker.hear)
	q.stopListening = func() { unsubscribe(); waker.stop() }
	q.stopping = make(chan struct{})
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		q.stopListening()
		return errors.Join(fmt.Errorf("start the queue: %w", err), presence.leave())
	}
	q.worker, q.presence = client, presence
	return nil
}

func (q *Queue) clientConfig(id string, workers *river.Workers, config WorkerConfig) *river.Config {
	timeout := cmp.Or(config.JobTimeout, defaultJobTimeout)
	lane := river.QueueConfig{MaxWorkers: cmp.Or(config.MaxWorkers, defaultMaxWorkers)}
	return &river.Config{
		ID:                          id,
		Logger:                      quiet(q.log),
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: lane, mailLane: lane},
		Workers:                     workers,
		FetchCooldown:               min(fetchPause, cmp.Or(config.PollInterval, defaultPollInterval)),
		FetchPollInterval:           cmp.Or(config.PollInterval, defaultPollInterval),
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        timeout + rescueGrace,
		CompletedJobRetentionPeriod: completedRetention,
		MaxAttempts:                 DefaultMaxAttempts,
		RetryPolicy:                 backoff{q.db.Clock()},
		Middleware:                  []rivertype.Middleware{q.middleware},
		Test:                        river.TestConfig{Time: riverTime{q.db.Clock()}},
	}
}

// Subscribe returns a channel of job events, and a function that unsubscribes. A subscriber that is 1,000 events
// behind loses some. Work must have been called.
func (q *Queue) Subscribe(kinds ...river.EventKind) (<-chan *river.Event, func()) {
	return q.worker.Subscribe(kinds...)
}

// Stopping returns a channel that Stop closes: a job that only waits should return then, to be retried. Work must
// have been called.
func (q *Queue) Stopping() <-chan struct{} { return q.stopping }

// Stop is a graceful shutdown: it starts no more jobs and waits for running ones. When ctx is done it cancels them,
// to be retried later, and returns ctx's error. It does nothing if Work was not called.
func (q *Queue) Stop(ctx context.Context) error {
	if q.worker == nil {
		return nil
	}
	close(q.stopping)
	err := q.worker.Stop(ctx)
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		err = errors.Join(fmt.Errorf("stop the queue: %w", err), q.worker.StopAndCancel(ctx))
	}
	q.worker = nil
	q.stopListening()
	return errors.Join(err, q.presence.leave())
}

// backoff is the retry policy: exponential backoff of 1, 2, 4 … seconds, capped at an hour.
type backoff struct{ clock *clock.Clock }

// NextRetry returns the time of a failed job's next attempt.
func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	const most = 12 // 2¹² seconds are over an hour
	delay := min(time.Second<<min(len(job.Errors), most), time.Hour)
	return b.clock.Now().Add(delay)
}
