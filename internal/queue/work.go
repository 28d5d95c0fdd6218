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
)

// WorkerConfig says how jobs are worked. A zero field has the value that its comment names.
type WorkerConfig struct {
	// MaxWorkers is how many jobs of each lane run at once: 16.
	MaxWorkers int
	// PollInterval is how often a lane looks for due jobs that it was not told of, because a connection was
	// lost, the release before inserted them, or they wait for another try: 250 ms.
	PollInterval time.Duration
	// JobTimeout ends the context of a job whose worker has no Timeout of its own: 1 minute.
	JobTimeout time.Duration
}

const (
	defaultMaxWorkers   = 16
	defaultPollInterval = 250 * time.Millisecond
	defaultJobTimeout   = time.Minute
	// fetchPause is the shortest time between two looks for jobs while there are many.
	fetchPause = 20 * time.Millisecond
	// rescueGrace is how long after its timeout a job of a process that still lives counts as stuck.
	rescueGrace = time.Minute
	// completedRetention is how long a job that is done stays to be looked at.
	completedRetention = time.Hour
	// stopGrace is how long jobs may take to notice that they were cancelled.
	stopGrace = 2 * time.Second
)

// Work starts to work jobs, and returns. It ends with Stop, not with ctx. Jobs that a process left
// behind when it was killed are started again at once, if that process has worked on SQLite or the
// server has noticed the end of its connection, and after the job's timeout plus a minute otherwise.
//
// A worker decides about retries: it may have a NextRetry and a Timeout of its own. Returns ErrWorked
// if another process works the jobs of this SQLite database.
func (q *Queue) Work(ctx context.Context, workers *river.Workers, config WorkerConfig) error {
	id := uuid.NewString()
	presence, err := q.enter(ctx, id)
	if err != nil {
		return err
	}
	waker := newWaker()
	client, err := river.NewClient(wakingDriver{q.driver, waker}, q.clientConfig(id, workers, config))
	if err != nil {
		return errors.Join(fmt.Errorf("queue: %w", err), presence.leave())
	}
	unsubscribe := q.db.Subscribe(wakeTopic, waker.hear)
	q.deafen = func() { unsubscribe(); waker.stop() }
	q.stopping = make(chan struct{})
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		q.deafen()
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
		RetryPolicy:                 backoff{},
		Middleware:                  []rivertype.Middleware{q.middleware},
	}
}

// Subscribe returns a channel with the events of jobs, and a function that ends it. A reader that
// falls 1,000 events behind loses some. Work must have been called.
func (q *Queue) Subscribe(kinds ...river.EventKind) (<-chan *river.Event, func()) {
	return q.worker.Subscribe(kinds...)
}

// Stopping returns a channel that is closed when Stop is called: a job that only waits should end then,
// and be worked again. Work must have been called.
func (q *Queue) Stopping() <-chan struct{} { return q.stopping }

// Stop ends the work: it starts no more jobs and waits for those that run. If ctx is over before they
// are done it cancels them, and returns ctx's error; they are tried again. It does nothing if Work was
// not called.
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
	q.deafen()
	return errors.Join(err, q.presence.leave())
}

// backoff waits 1, 2, 4 … seconds after each failure, and never more than an hour.
type backoff struct{}

// NextRetry returns when a job that has failed is tried again.
func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	const most = 12 // 2¹² seconds are over an hour
	delay := min(time.Second<<min(len(job.Errors), most), time.Hour)
	return time.Now().UTC().Add(delay)
}
