package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/hook"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

var (
	// ErrRowRemoved is returned for a DELETE of product rows. Products are soft-deleted: set their delete_time.
	ErrRowRemoved = errors.New("history: rows of products are never removed")
	// ErrBulkUpdate is returned for an UPDATE of several products in one statement. Update products one by one: the
	// history needs the old values of each.
	ErrBulkUpdate = errors.New("history: products are updated one by one")
	// ErrNoActor is returned for a change of a product without an administrator or API key in the context.
	ErrNoActor = errors.New("history: a product is changed without an administrator in the context")
)

// Listener receives the changes of a transaction in order, after they are written and before the commit. Its writes
// with tx are in the same transaction. An error rolls the transaction back.
type Listener func(ctx context.Context, tx *ent.Tx, by auth.Principal, changes []*ent.ProductChange) error

// NewHook returns the hook that writes products and their history atomically. For every mutation of products it writes
// one row to product_changes per product that really changes, before the commit, and then notifies the listeners.
//
// It increments version and update_time, and skips rows that the mutation would not change. Updates of derived columns
// only (keys, search text) are not changes. It cannot see the effect of Modify and OnConflict: do not use them on
// products.
//
// Mutations fail with db.ErrNotInTx or ent.ErrNotInTx outside db.InTx, with ErrNoActor without an administrator, with
// ErrRowRemoved if they delete rows, with ErrBulkUpdate if they update several products in one statement, and with
// reason CONCURRENT_CHANGE if the product was changed since the caller read it (optimistic concurrency).
func NewHook(listeners ...Listener) ent.Hook {
	h := productHook(listeners)
	return func(next ent.Mutator) ent.Mutator {
		return hook.ProductFunc(func(ctx context.Context, m *ent.ProductMutation) (ent.Value, error) {
			return h.mutate(ctx, m, next)
		})
	}
}

type productHook []Listener

func (h productHook) mutate(ctx context.Context, m *ent.ProductMutation, next ent.Mutator) (ent.Value, error) {
	if _, err := m.SQLTx(); err != nil {
		return nil, fmt.Errorf("change a product: %w", err)
	}
	c, err := h.collector(ctx, m)
	if err != nil {
		return nil, err
	}
	switch op := m.Op(); {
	case op.Is(ent.OpCreate):
		return create(ctx, m, next, c)
	case op.Is(ent.OpUpdateOne):
		return updateOne(ctx, m, next, c)
	case op.Is(ent.OpUpdate):
		return nil, ErrBulkUpdate
	default:
		return nil, ErrRowRemoved
	}
}

// collectorKey is the key of the transaction-local collector.
type collectorKey struct{}

// collector returns the transaction's collector, which flushes before the commit.
func (h productHook) collector(ctx context.Context, m *ent.ProductMutation) (*collector, error) {
	actor, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return nil, ErrNoActor
	}
	c, created, err := db.Local(ctx, collectorKey{}, func() *collector {
		return &collector{actor: actor, time: m.Clock.Now(), reverted: reverted(ctx)}
	})
	if err != nil {
		return nil, fmt.Errorf("change a product: %w", err)
	}
	if c.actor.ActorID() != actor.ActorID() {
		return nil, fmt.Errorf("history: %s and %s share a transaction", c.actor.ActorID(), actor.ActorID())
	}
	if !created {
		return c, nil
	}
	return c, db.BeforeCommit(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return c.flush(ctx, tx, h)
	})
}

// create handles a single create, and each product of a bulk create. Ent nests those, so the first product's rows
// return last.
func create(ctx context.Context, m *ent.ProductMutation, next ent.Mutator, c *collector) (ent.Value, error) {
	if created, ok := m.CreateTime(); ok { // the default differs for each product
		m.SetUpdateTime(created)
	}
	record := c.reserve()
	value, err := next.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	p, ok := value.(*ent.Product)
	if !ok {
		return nil, fmt.Errorf("history: a create returned %T", value)
	}
	return value, record(change.Created, nil, p)
}

// updateOne uses optimistic concurrency instead of a row lock: the update applies only to the version of the old
// values.
func updateOne(ctx context.Context, m *ent.ProductMutation, next ent.Mutator, c *collector) (ent.Value, error) {
	before, err := fields.Load(func(column string) (ent.Value, error) { return m.OldField(ctx, column) })
	if err != nil {
		return nil, err
	}
	difference, err := fields.Changes(m, before)
	if err != nil {
		return nil, err
	}
	switch difference {
	case fields.Nothing:
		id, _ := m.ID()
		return m.Client().Product.Get(ctx, id)
	case fields.Derived:
		m.ResetUpdateTime()
		return next.Mutate(ctx, m)
	case fields.History:
	}
	operation := operationOf(m, before)
	m.ResetVersion()
	m.SetVersion(before.Version + 1)
	m.SetUpdateTime(c.time)
	m.Where(product.Version(before.Version))
	value, err := next.Mutate(ctx, m)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.Aborted, fault.ConcurrentChange,
			"the product was changed at the same time; read it again and retry").Because(err)
	}
	if err != nil {
		return nil, err
	}
	after, ok := value.(*ent.Product)
	if !ok || after.Version != before.Version+1 {
		return nil, fmt.Errorf("history: an update returned %T, or not every column", value)
	}
	return value, c.reserve()(operation, before, after)
}

// operationOf returns the operation that the mutation performs on a product.
func operationOf(m *ent.ProductMutation, before *ent.Product) change.Operation {
	if _, sets := m.DeleteTime(); sets && before.DeleteTime == nil {
		return change.Deleted
	}
	if m.DeleteTimeCleared() && before.DeleteTime != nil {
		return change.Undeleted
	}
	return change.Updated
}
