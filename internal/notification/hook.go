package notification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/hook"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/queue"
)

var (
	// ErrRowRemoved is returned when product rows are to be deleted. Products are deleted by setting
	// their delete_time.
	ErrRowRemoved = errors.New("notification: rows of products are never removed")
	// ErrNoActor is returned when a product is changed by nobody.
	ErrNoActor = errors.New("notification: a product is changed without an administrator in the context")
)

// NewHook returns the hook that makes a change of a product, its history and its mails one thing. For
// every mutation of products it writes one change row per product that really changes, and for every
// transaction one notify job, due when window has passed. Both are written as the transaction commits.
//
// It bumps version and update_time, and leaves rows alone that the mutation would not change. Updates
// of what is only derived from a product (keys, search text) pass as they are. It cannot see what
// Modify and OnConflict do: do not use them on products.
//
// Mutations fail with db.ErrNotInTx or ent.ErrNotInTx outside db.InTx, with ErrNoActor if nobody makes
// them, with ErrRowRemoved if they delete rows, and with reason CONCURRENT_CHANGE if the product was
// changed since the caller read it.
func NewHook(q *queue.Queue, window time.Duration) ent.Hook {
	h := &productHook{queue: q, window: window}
	return func(next ent.Mutator) ent.Mutator {
		return hook.ProductFunc(func(ctx context.Context, m *ent.ProductMutation) (ent.Value, error) {
			return h.mutate(ctx, m, next)
		})
	}
}

type productHook struct {
	queue  *queue.Queue
	window time.Duration
}

func (h *productHook) mutate(ctx context.Context, m *ent.ProductMutation, next ent.Mutator) (ent.Value, error) {
	if _, err := m.SQLTx(); err != nil {
		return nil, fmt.Errorf("change a product: %w", err)
	}
	c, err := h.collector(ctx)
	if err != nil {
		return nil, err
	}
	switch op := m.Op(); {
	case op.Is(ent.OpCreate):
		return create(ctx, m, next, c)
	case op.Is(ent.OpUpdateOne):
		return updateOne(ctx, m, next, c)
	case op.Is(ent.OpUpdate):
		return updateMany(ctx, m, next, c)
	default:
		return nil, ErrRowRemoved
	}
}

// collectorKey is where a transaction keeps its collector.
type collectorKey struct{}

// collector returns the collector of the transaction, which writes itself down before the commit.
func (h *productHook) collector(ctx context.Context) (*collector, error) {
	actor, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return nil, ErrNoActor
	}
	c, created, err := db.Local(ctx, collectorKey{}, func() *collector {
		return &collector{actor: actor, time: now()}
	})
	if err != nil {
		return nil, fmt.Errorf("change a product: %w", err)
	}
	if c.actor.AdminID != actor.AdminID {
		return nil, fmt.Errorf("notification: %s and %s share a transaction", c.actor.AdminID, actor.AdminID)
	}
	if !created {
		return c, nil
	}
	return c, db.BeforeCommit(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return c.flush(ctx, tx, h.queue, h.window)
	})
}

// create handles a single create, and each product of a bulk create: ent nests those, so the first
// product's rows come back last.
func create(ctx context.Context, m *ent.ProductMutation, next ent.Mutator, c *collector) (ent.Value, error) {
	record := c.reserve()
	value, err := next.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	p, ok := value.(*ent.Product)
	if !ok {
		return nil, fmt.Errorf("notification: a create returned %T", value)
	}
	return value, record(change.Created, nil, p)
}

// updateOne needs no statement to lock the row: the update only applies to the version that the old
// values belong to.
func updateOne(ctx context.Context, m *ent.ProductMutation, next ent.Mutator, c *collector) (ent.Value, error) {
	before := func(column string) (any, error) { return m.OldField(ctx, column) }
	t, err := touches(m, before)
	if err != nil {
		return nil, err
	}
	switch t {
	case nothing:
		id, _ := m.ID()
		return m.Client().Product.Get(ctx, id)
	case derived:
		m.ResetUpdateTime()
		return next.Mutate(ctx, m)
	case history:
	}
	version, err := m.OldVersion(ctx)
	if err != nil {
		return nil, err
	}
	operation, err := operationOf(m, before)
	if err != nil {
		return nil, err
	}
	m.ResetVersion()
	m.SetVersion(version + 1)
	m.SetUpdateTime(c.time)
	m.Where(product.Version(version))
	value, err := next.Mutate(ctx, m)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.Aborted, fault.ConcurrentChange,
			"the product was changed at the same time; read it again and retry").Because(err)
	}
	if err != nil {
		return nil, err
	}
	after, ok := value.(*ent.Product)
	if !ok || after.Version != version+1 {
		return nil, fmt.Errorf("notification: an update returned %T, or not every column", value)
	}
	return value, c.reserve()(operation, before, after)
}

// updateMany locks and reads the rows first, and pins the update to those that it changes.
func updateMany(ctx context.Context, m *ent.ProductMutation, next ent.Mutator, c *collector) (ent.Value, error) {
	befores, err := matching(ctx, m)
	if err != nil {
		return nil, err
	}
	pinned, onlyDerived, err := pin(m, befores)
	if err != nil {
		return nil, err
	}
	if len(pinned) == 0 {
		if !onlyDerived {
			return 0, nil
		}
		m.ResetUpdateTime()
		return next.Mutate(ctx, m)
	}
	m.ResetVersion()
	m.AddVersion(1)
	m.SetUpdateTime(c.time)
	m.Where(product.IDIn(pinned...))
	value, err := next.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	rows, err := m.Client().Product.Query().Where(product.IDIn(pinned...)).All(ctx)
	if err != nil {
		return nil, err
	}
	afters := make(map[uuid.UUID]*ent.Product, len(rows))
	for _, row := range rows {
		afters[row.ID] = row
	}
	for _, before := range befores {
		after, ok := afters[before.ID]
		if !ok || after.Version == before.Version { // it matched no longer when it was locked
			continue
		}
		operation, err := operationOf(m, columnsOf(before))
		if err != nil {
			return nil, err
		}
		if err := c.reserve()(operation, columnsOf(before), after); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// matching returns the rows that the mutation matches, locked until the transaction ends.
func matching(ctx context.Context, m *ent.ProductMutation) ([]*ent.Product, error) {
	ids, err := m.IDs(ctx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	query := m.Client().Product.Query().Where(product.IDIn(ids...)).Order(product.ByID())
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	return query.All(ctx)
}

// pin returns the ids of the rows whose history the mutation changes, and whether there is one of
// which it changes only what is derived.
func pin(m *ent.ProductMutation, rows []*ent.Product) (ids []uuid.UUID, onlyDerived bool, err error) {
	for _, row := range rows {
		t, err := touches(m, columnsOf(row))
		if err != nil {
			return nil, false, err
		}
		switch t {
		case history:
			ids = append(ids, row.ID)
		case derived:
			onlyDerived = true
		case nothing:
		}
	}
	return ids, onlyDerived, nil
}
