package db

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
)

// observers are the callbacks for changes of products.
type observers struct {
	mu  sync.RWMutex
	all []func(ids []uuid.UUID)
}

// OnProductsChanged registers fn, which receives the ids of changed products; without ids, any product may have
// changed. InTx notifies before it returns, even if its commit failed, because the commit may have succeeded. On
// PostgreSQL, after Watch, transactions of other processes notify after their commit. fn is called concurrently and
// blocks a writer, so it must be fast.
func (d *DB) OnProductsChanged(fn func(ids []uuid.UUID)) {
	d.observers.mu.Lock()
	defer d.observers.mu.Unlock()
	d.observers.all = append(d.observers.all, fn)
}

// Informed reports whether observers have been notified of every change that was committed more than StaleBound ago.
// Data that was read earlier may be reused only while this is true. On PostgreSQL it requires Watch.
func (d *DB) Informed() bool { return d.link == nil || d.link.informed() }

func (o *observers) tell(ids []uuid.UUID) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, fn := range o.all {
		fn(ids)
	}
}

// changed collects the products that a transaction changes.
type changed struct {
	ids []uuid.UUID
	all bool // any product may have changed
}

// tell notifies of the changes, if there are any.
func (c *changed) tell(o *observers) {
	switch {
	case c.all:
		o.tell(nil)
	case len(c.ids) > 0:
		o.tell(c.ids)
	}
}

// noteChanged is the hook that records which products a transaction changes.
func noteChanged(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		value, err := next.Mutate(ctx, m)
		if u, ok := ctx.Value(unitKey{}).(*unit); ok && err == nil {
			if p, ok := value.(*ent.Product); ok {
				u.changed.ids = append(u.changed.ids, p.ID)
			} else {
				u.changed.all = true
			}
		}
		return value, err
	})
}
