package db

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent"
)

// ErrNotInTx is returned by functions that must be called inside InTx.
var ErrNotInTx = errors.New("db: not inside InTx")

// unit is what one transaction carries along in its context.
type unit struct {
	dialect      string
	locals       map[any]any
	beforeCommit []func(context.Context, *ent.Tx) error
}

type unitKey struct{}

// InTx runs fn in a transaction: the only way to write. If fn returns an error, nothing stays. Inside
// fn use the context and transaction that it is given. fn may run more than once, if the database
// asked for the transaction to be tried again, so it must not keep what an earlier run left behind.
// Transactions do not nest.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	tx, err := d.writer.Tx(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	u := &unit{dialect: d.dialect, locals: map[any]any{}}
	ctx = context.WithValue(ent.NewTxContext(ctx, tx), unitKey{}, u)
	if err := u.run(ctx, tx, fn); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (u *unit) run(ctx context.Context, tx *ent.Tx, fn func(context.Context, *ent.Tx) error) error {
	if err := fn(ctx, tx); err != nil {
		return err
	}
	for len(u.beforeCommit) > 0 { // one may add another
		next := u.beforeCommit[0]
		u.beforeCommit = u.beforeCommit[1:]
		if err := next(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// BeforeCommit makes fn run once more work at the end of the transaction, before it commits. Returns
// ErrNotInTx outside InTx.
func BeforeCommit(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return ErrNotInTx
	}
	u.beforeCommit = append(u.beforeCommit, fn)
	return nil
}

// Local returns the value that the transaction keeps under key, which it makes at the first call; the
// second result says whether this call made it. Returns ErrNotInTx outside InTx.
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

// LocksRows reports whether the transaction in ctx needs SELECT … FOR UPDATE to keep rows as they are.
// SQLite lets one transaction write at a time and refuses the clause.
func LocksRows(ctx context.Context) bool {
	u, ok := ctx.Value(unitKey{}).(*unit)
	return ok && u.dialect == dialect.Postgres
}
