package notification

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/queue"
)

// insertChunk is how many rows share one statement, or are looked for by one: databases limit its
// parameters.
const insertChunk = 1000

// endless is how often jobs are tried whose loss would lose mails: as often as the column can count.
// What ends them is the state of their rows, not River's count.
const endless = 32767

// collector holds the changes of one transaction until it commits. They share one time.
type collector struct {
	actor   auth.Principal
	time    time.Time
	changes []*recorded
}

// recorded is a change that goes into product_changes.
type recorded struct {
	operation change.Operation
	product   *ent.Product
	fields    []change.Field
}

// reserve keeps the next place in the order of changes, and returns the function that fills it. A
// place that is never filled is no change.
func (c *collector) reserve() func(operation change.Operation, before columns, after *ent.Product) error {
	i := len(c.changes)
	c.changes = append(c.changes, nil)
	return func(operation change.Operation, before columns, after *ent.Product) error {
		fields, err := diff(before, columnsOf(after))
		if err != nil {
			return fmt.Errorf("history of product %s: %w", after.ID, err)
		}
		c.changes[i] = &recorded{operation: operation, product: after, fields: fields}
		return nil
	}
}

// flush writes the changes and the job that mails them.
func (c *collector) flush(ctx context.Context, tx *ent.Tx, q *queue.Queue, window time.Duration) error {
	var rows []*ent.ProductChangeCreate
	for _, r := range c.changes {
		if r != nil {
			rows = append(rows, c.row(tx, r))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	for chunk := range slices.Chunk(rows, insertChunk) {
		if err := tx.ProductChange.CreateBulk(chunk...).Exec(ctx); err != nil {
			return fmt.Errorf("write changes: %w", err)
		}
	}
	return q.Insert(ctx, tx, queue.Job{
		Args:        queue.NotifyArgs{ActorID: c.actor.AdminID, ChangeTime: c.time},
		At:          c.time.Add(window),
		MaxAttempts: endless,
	})
}

func (c *collector) row(tx *ent.Tx, r *recorded) *ent.ProductChangeCreate {
	return tx.ProductChange.Create().
		SetCreateTime(c.time).
		SetProductID(r.product.ID).
		SetSku(r.product.Sku).
		SetProductName(r.product.Name).
		SetOperation(r.operation).
		SetVersion(r.product.Version).
		SetFields(r.fields).
		SetActorID(c.actor.AdminID).
		SetActorName(c.actor.Name)
}

// now returns the time as both databases keep it.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
