package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/gofrs/flock"
)

// lockPeriod is the polling interval of Lock.
const lockPeriod = 50 * time.Millisecond

// ErrLocked is returned by TryLock if the lock is held.
var ErrLocked = errors.New("db: another process holds the lock")

// Lock is held until it is released or its process dies. It is a session-level advisory lock on PostgreSQL, or a
// file lock beside the SQLite database.
type Lock struct {
	conn *sql.Conn
	file *flock.Flock
}

// TryLock acquires a named lock without waiting. Returns ErrLocked if it is held, in this process or another one.
func (d *DB) TryLock(ctx context.Context, name string) (*Lock, error) {
	if d.dialect == dialect.SQLite {
		file := flock.New(d.path + "." + name + ".lock")
		locked, err := file.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		if !locked {
			return nil, ErrLocked
		}
		return &Lock{file: file}, nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	lock := &Lock{conn: conn}
	var locked bool
	const try = "SELECT pg_try_advisory_lock(hashtextextended('catalog ' || $1, 0))"
	if err := conn.QueryRowContext(ctx, try, name).Scan(&locked); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), lock.Release())
	}
	if !locked {
		return nil, errors.Join(ErrLocked, conn.Close())
	}
	return lock, nil
}

// Lock acquires a named lock, waiting until ctx is done. It polls, because a session that waits inside PostgreSQL
// blocks CREATE INDEX CONCURRENTLY.
func (d *DB) Lock(ctx context.Context, name string) (*Lock, error) {
	tick := time.NewTicker(lockPeriod)
	defer tick.Stop()
	over := afterPatience(func() { d.reportLock(ctx, name) })
	defer over()
	for {
		lock, err := d.TryLock(ctx, name)
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", name, ctx.Err())
		}
	}
}

// Check returns an error if the lock may be lost because its PostgreSQL session is.
func (l *Lock) Check(ctx context.Context) error {
	if l.conn == nil {
		return nil
	}
	if err := l.conn.PingContext(ctx); err != nil {
		return fmt.Errorf("check the lock: %w", err)
	}
	return nil
}

// Release releases the lock. On PostgreSQL it closes the session, which also works on a broken one.
func (l *Lock) Release() error {
	if l.conn == nil {
		if err := l.file.Unlock(); err != nil {
			return fmt.Errorf("unlock: %w", err)
		}
		return nil
	}
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn }) // makes the pool close the connection
	if err := l.conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("unlock: %w", err)
	}
	return nil
}
