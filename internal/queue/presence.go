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

// ErrWorked is returned by Work if another process runs the jobs of the same SQLite database.
var ErrWorked = errors.New("another process serves this SQLite database; stop it first, or use PostgreSQL for several")

// roundPeriod is the interval of the search for jobs of dead processes.
const roundPeriod = 5 * time.Second

// presence is a liveness signal to other processes: a lock that is released when the process dies. On SQLite it is the
// lock of the only process that runs jobs; on PostgreSQL a lock named by the process's id, which is also stored in
// each job that it runs. If the lock of a running job can be acquired, its process is dead.
type presence struct {
	q      *Queue
	id     string
	lock   *db.Lock
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// enter acquires the lock and rescues the jobs of dead processes, now and periodically.
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

// leave releases the lock. Other processes then rescue the jobs that this process has not finished.
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
	if errors.Is(err, db.ErrLocked) && !onPostgres { // on PostgreSQL it is this process's former session
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
			p.q.log.WarnContext(ctx, "the search for jobs of dead processes failed", "error", err)
		}
	}
}

// round acquires a new lock if the connection of the old one is lost, and rescues the jobs of dead processes.
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

// rescue makes the running jobs of dead processes available again. The interrupted attempt counts.
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
			continue // it is alive
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

// owners returns the ids of the other clients with running jobs, dead or alive.
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
		p.q.log.WarnContext(ctx, "jobs of a dead process were rescued", "jobs", n)
	}
	return nil
}
