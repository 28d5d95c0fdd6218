package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/internal/db"
)

// ErrWorked is returned by Work if another process works the jobs of the same SQLite database.
var ErrWorked = errors.New("another process serves this SQLite database; stop it first, or use PostgreSQL for several")

// roundPeriod is how often a process looks for jobs whose process is gone.
const roundPeriod = 5 * time.Second

// presence tells other processes that this one lives, by a lock that ends with it: on SQLite the
// lock of the only process that works jobs; on PostgreSQL a lock named after the process, whose name
// stands in each job that it runs. Whoever can take the lock of a running job knows that nobody runs
// it any more.
type presence struct {
	q      *Queue
	id     string
	lock   *db.Lock
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// enter takes the lock, starts the jobs of dead processes again, and goes on doing so.
func (q *Queue) enter(ctx context.Context, id string) (*presence, error) {
	p := &presence{q: q, id: id}
	if err := p.acquire(ctx); err != nil {
		return nil, err
	}
	if err := p.rescue(ctx); err != nil {
		return nil, errors.Join(err, p.lock.Release())
	}
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if q.db.Dialect() == dialect.Postgres {
		p.done.Go(func() { p.rounds(ctx) })
	}
	return p, nil
}

// leave ends the presence. Jobs that this process has not finished are then another one's.
func (p *presence) leave() error {
	p.cancel()
	p.done.Wait()
	return p.lock.Release()
}

func (p *presence) acquire(ctx context.Context) error {
	name := db.QueueLock
	onPostgres := p.q.db.Dialect() == dialect.Postgres
	if onPostgres {
		name = p.id
	}
	lock, err := p.q.db.TryLock(ctx, name)
	if errors.Is(err, db.ErrLocked) && !onPostgres { // there it is our own former session, not gone yet
		return ErrWorked
	}
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	p.lock = lock
	return nil
}

func (p *presence) rounds(ctx context.Context) {
	tick := time.NewTicker(roundPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			p.q.log.WarnContext(ctx, "queue: could not look for jobs of dead processes", "error", err)
		}
	}
}

// round takes a new lock if the connection with the old one is lost, and looks for dead processes.
func (p *presence) round(ctx context.Context) error {
	if p.lock.Check(ctx) != nil {
		old := p.lock
		if err := p.acquire(ctx); err != nil {
			return err
		}
		if err := old.Release(); err != nil {
			return err
		}
	}
	return p.rescue(ctx)
}

// rescue makes the running jobs of dead processes available again. The attempt that was cut short
// counts.
func (p *presence) rescue(ctx context.Context) error {
	if p.q.db.Dialect() == dialect.SQLite {
		return p.restart(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	}
	owners, err := p.owners(ctx)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		lock, err := p.q.db.TryLock(ctx, owner)
		if errors.Is(err, db.ErrLocked) {
			continue // it lives
		}
		if err != nil {
			return fmt.Errorf("queue: %w", err)
		}
		err = p.restart(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running' AND "+owned+" = $1", owner)
		if err := errors.Join(err, lock.Release()); err != nil {
			return err
		}
	}
	return nil
}

// owned is the id of the client that runs a job.
const owned = "attempted_by[array_upper(attempted_by, 1)]"

// owners returns the ids of the other clients that have, or had, running jobs.
func (p *presence) owners(ctx context.Context) ([]string, error) {
	rows, err := p.q.db.SQL().QueryContext(ctx,
		"SELECT DISTINCT "+owned+" FROM river_job WHERE state = 'running' AND "+owned+" <> $1", p.id)
	if err != nil {
		return nil, fmt.Errorf("find running jobs: %w", err)
	}
	defer rows.Close()
	var owners []string
	for rows.Next() {
		var owner string
		if err := rows.Scan(&owner); err != nil {
			return nil, fmt.Errorf("find running jobs: %w", err)
		}
		owners = append(owners, owner)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find running jobs: %w", err)
	}
	return owners, nil
}

func (p *presence) restart(ctx context.Context, update string, args ...any) error {
	result, err := p.q.db.SQL().ExecContext(ctx, update, args...)
	if err != nil {
		return fmt.Errorf("start jobs of a dead process again: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n > 0 {
		p.q.log.WarnContext(ctx, "jobs of a process that died are started again", "jobs", n)
	}
	return nil
}
