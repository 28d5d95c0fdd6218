package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

// insertChunk is the maximum number of rows in one statement, because databases limit its parameters.
const insertChunk = 1000

// collector collects the changes of one transaction until it commits. They share one time.
type collector struct {
	actor    auth.Principal
	time     time.Time
	reverted *int64 // the sequence of the change that the transaction undoes, if it is a revert
	changes  []*recorded
}

// recorded is a change to write to product_changes.
type recorded struct {
	operation change.Operation
	product   *ent.Product
	fields    []change.Field
}

// reserve reserves the next position in the order of changes, and returns the function that fills it. An unfilled
// position is not a change.
func (c *collector) reserve() func(operation change.Operation, before, after *ent.Product) error {
	i := len(c.changes)
	c.changes = append(c.changes, nil)
	return func(operation change.Operation, before, after *ent.Product) error {
		changed, err := diff(before, after)
		if err != nil {
			return fmt.Errorf("history of product %s: %w", after.ID, err)
		}
		c.changes[i] = &recorded{operation: operation, product: after, fields: changed}
		return nil
	}
}

// flush writes the changes and notifies the listeners.
func (c *collector) flush(ctx context.Context, tx *ent.Tx, listeners []Listener) error {
	var rows []*ent.ProductChangeCreate
	for _, r := range c.changes {
		if r == nil {
			continue
		}
		row, err := c.row(tx, r)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	written := make([]*ent.ProductChange, 0, len(rows))
	for chunk := range slices.Chunk(rows, insertChunk) {
		some, err := tx.ProductChange.CreateBulk(chunk...).Save(ctx)
		if err != nil {
			return fmt.Errorf("write changes: %w", err)
		}
		written = append(written, some...)
	}
	for _, listen := range listeners {
		if err := listen(ctx, tx, c.actor, written); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) row(tx *ent.Tx, r *recorded) (*ent.ProductChangeCreate, error) {
	product, err := proto.Marshal(fields.Message(r.product))
	if err != nil {
		return nil, fmt.Errorf("history of product %s: %w", r.product.ID, err)
	}
	create := tx.ProductChange.Create().
		SetCreateTime(c.time).
		SetProductID(r.product.ID).
		SetSku(r.product.Sku).
		SetProductName(r.product.Name).
		SetOperation(r.operation).
		SetVersion(r.product.Version).
		SetFields(r.fields).
		SetActorID(c.actor.ActorID()).
		SetActorName(c.actor.Name).
		SetNillableRevertedSequence(c.reverted).
		SetProduct(product)
	if c.actor.IsKey() {
		create.SetAPIKeyID(c.actor.Key.ID)
	}
	return create, nil
}
