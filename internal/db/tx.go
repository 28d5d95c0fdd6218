package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent"
)

var (
	// ErrNotInTx is returned by functions that must be called inside InTx.
	ErrNotInTx = errors.New("db: not inside InTx")
	// ErrNested is returned by InTx inside InTx.
	ErrNested = errors.New("db: InTx inside InTx; pass the transaction along instead")
)

const (
	// maxTries is the maximum number of attempts of a transaction.
	maxTries   = 3
	retryPause = 20 * time.Millisecond
)

// unit is the state of a transaction in its context.
type unit struct {
	dialect      string
	locals       map[any]any
	beforeCommit []func(context.Context, *ent.Tx) error
	afterCommit  []func()
	changed      changed
	messages     []string // on SQLite, to deliver after the commit
}

type unitKey struct{}

// InTx runs fn in a transaction. It is the only way to write. If fn returns an error or panics, the transaction is
// rolled back. Inside fn, use the context and transaction that it is given.
//
// After a deadlock or serialization failure it retries the whole transaction, up to three times. So fn must be
// idempotent and must have no side effects outside the transaction, such as sending a mail: insert a job for that.
//
// Returns ErrNested if ctx is inside a transaction already.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	if _, ok := ctx.Value(unitKey{}).(*unit); ok {
		return ErrNested
	}
	for try := 1; ; try++ {
		err := d.instruments.transaction(ctx, func(ctx context.Context) error { return d.tryTx(ctx, fn) })
		d.NoteError(err)
		if over := ctx.Err(); err != nil && over != nil && !errors.Is(err, over) {
			return errors.Join(over, err) // whatever the driver reported
		}
		if try == maxTries || !isRetryable(err) || !pause(ctx, try) {
			return err
		}
		d.log.InfoContext(ctx, "transaction is retried", "try", try+1, "error", err)
	}
}

func (d *DB) tryTx(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) (err error) {
	over := afterPatience(func() {
		d.log.WarnContext(ctx, "waiting for a lock", "lock", d.writeLock(), "waited", lockPatience)
	})
	tx, err := d.writer.Tx(ctx)
	over()
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if done {
			return
		}
		// The driver has already rolled back if ctx is done or the connection is lost.
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) && !errors.Is(e, driver.ErrBadConn) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", e))
		}
	}()
	u := &unit{dialect: d.dialect, locals: map[any]any{}}
	if err := u.run(context.WithValue(ent.NewTxContext(ctx, tx), unitKey{}, u), tx, fn); err != nil {
		return err
	}
	done = true
	defer u.changed.tell(&d.observers) // even if the commit fails: it may have succeeded
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	d.topics.tellAll(u.messages)
	for _, fn := range u.afterCommit {
		fn()
	}
	if d.storage.failing.Load() {
		d.storage.failing.Store(false)
	}
	return nil
}

// writeLock names what a transaction waits for before it begins.
func (d *DB) writeLock() string {
	if d.dialect == dialect.SQLite {
		return "the writer of SQLite"
	}
	return "a connection of the pool"
}

// pause is the backoff between attempts, so that the conflicting transaction can finish. It reports whether ctx is
// still alive.
func pause(ctx context.Context, try int) bool {
	timer := time.NewTimer(time.Duration(try) * retryPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (u *unit) run(ctx context.Context, tx *ent.Tx, fn func(context.Context, *ent.Tx) error) error {
	if err := fn(ctx, tx); err != nil {
		return err
	}
	for len(u.beforeCommit) > 0 { // a function may add another
		next := u.beforeCommit[0]
		u.beforeCommit = u.beforeCommit[1:]
		if err := next(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// BeforeCommit registers fn to run at the end of the transaction, before the commit. Returns ErrNotInTx outside
// InTx.
func BeforeCommit(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return ErrNotInTx
	}
	u.beforeCommit = append(u.beforeCommit, fn)
	return nil
}

// AfterCommit registers fn to run when the transaction has committed. Returns ErrNotInTx outside InTx.
func AfterCommit(ctx context.Context, fn func()) error {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return ErrNotInTx
	}
	u.afterCommit = append(u.afterCommit, fn)
	return nil
}

// Local returns the transaction-local value of a key, created at the first call; the second result reports whether
// this call created it. Returns ErrNotInTx outside InTx.
func Local[T any](ctx context.Context, key any, create func() T) (value T, created bool, err error) {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return value, false, ErrNotInTx
	}
	if v, ok := u.locals[key].(T); ok {
		return v, false, nil
	}
	value = create()
	u.locals[key] = value
	return value, true, nil
}

// LocksRows reports whether the database has row locks (SELECT … FOR UPDATE). SQLite has a single writer and rejects
// the clause.
func LocksRows(ctx context.Context) bool {
	u, ok := ctx.Value(unitKey{}).(*unit)
	return ok && u.dialect == dialect.Postgres
}
