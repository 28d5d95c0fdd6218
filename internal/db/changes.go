package db

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
)

// observers are told which products have changed.
type observers struct {
	mu  sync.RWMutex
	all []func(ids []uuid.UUID)
}

// OnProductsChanged registers fn, which is told the ids of products that have changed; none means that
// any may have. A transaction of this process tells before InTx returns, also if its commit failed, as
// that may have happened all the same. On PostgreSQL, once Watch was called, those of other processes
// tell when they have committed. fn is called by several goroutines and holds up a writer, so it must be
// quick.
func (d *DB) OnProductsChanged(fn func(ids []uuid.UUID)) {
	d.observers.mu.Lock()
	defer d.observers.mu.Unlock()
	d.observers.all = append(d.observers.all, fn)
}

// Informed reports whether observers have been told of every change that was committed longer than
// StaleBound ago. What was read from the database before may be used again exactly while it is so. On
// PostgreSQL that takes Watch.
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
	all bool // also others
}

// tell tells of the changes, if there are any.
func (c *changed) tell(o *observers) {
	switch {
	case c.all:
		o.tell(nil)
	case len(c.ids) > 0:
		o.tell(c.ids)
	}
}

// noteChanged is the hook that notes which products a transaction changes.
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
