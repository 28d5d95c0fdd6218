package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
)

// Queue inserts jobs and, after Work, runs them.
type Queue struct {
	db       *db.DB
	driver   riverdriver.Driver[*sql.Tx]
	inserter *river.Client[*sql.Tx]
	log      *slog.Logger

	middleware *middleware

	// Set between Work and Stop.
	worker        *river.Client[*sql.Tx]
	presence      *presence
	stopping      chan struct{}
	stopListening func() // stops the listener
}

// Job is one job to insert.
type Job struct {
	// Args are the arguments. Their Kind selects the worker.
	Args river.JobArgs
	// At is when the job is due, by the clock of the database. Zero means now.
	At time.Time
	// MaxAttempts is the maximum number of attempts. Zero means DefaultMaxAttempts.
	MaxAttempts int
}

// DefaultMaxAttempts is the default of Job.MaxAttempts.
const DefaultMaxAttempts = 25

const noNotification = 365 * 24 * time.Hour

// New returns an insert-only queue. The schema must be up to date: see db.DB.Migrate.
func New(d *db.DB, log *slog.Logger, options ...Option) (*Queue, error) {
	around, err := newMiddleware(log, options...)
	if err != nil {
		return nil, err
	}
	q := &Queue{db: d, log: log, middleware: around, driver: riverdatabasesql.New(d.SQL())}
	if d.Dialect() == dialect.SQLite {
		q.driver = riversqlite.New(d.SQL())
	}
	inserter, err := river.NewClient(q.driver, &river.Config{
		Logger:      quiet(log),
		MaxAttempts: DefaultMaxAttempts,
		Hooks:       []rivertype.Hook{river.HookInsertBeginFunc(dueOnTime)},
		// Every how often an insert notifies River's own listeners, at the cost of a query. There are none: see
		// announce.
		FetchCooldown: noNotification, FetchPollInterval: noNotification,
		Test: river.TestConfig{Time: riverTime{d.Clock()}},
	})
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	q.inserter = inserter
	return q, nil
}

// dueOnTime makes a scheduled job available immediately, with its time: workers ignore it until then. River would
// leave it to a scheduler that runs every five seconds.
func dueOnTime(_ context.Context, job *rivertype.JobInsertParams) error {
	if job.State == rivertype.JobStateScheduled {
		job.State = rivertype.JobStateAvailable
	}
	return nil
}

// Insert inserts jobs in the transaction tx: they exist if and only if it commits.
func (q *Queue) Insert(ctx context.Context, tx *ent.Tx, jobs ...Job) error {
	if len(jobs) == 0 {
		return nil
	}
	sqlTx, err := tx.SQLTx()
	if err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	now, metadata := q.db.Now(), metadataOf(ctx)
	many := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		if job.At.IsZero() {
			job.At = now
		}
		many[i] = river.InsertManyParams{
			Args:       job.Args,
			InsertOpts: &river.InsertOpts{ScheduledAt: job.At, MaxAttempts: job.MaxAttempts, Metadata: metadata},
		}
	}
	inserted, err := q.inserter.InsertManyTx(ctx, sqlTx, many)
	if err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	return announce(ctx, tx, now, inserted)
}
