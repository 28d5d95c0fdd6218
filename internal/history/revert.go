package history

import (
	"context"
	"fmt"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

// Get returns a change by its sequence. Returns CHANGE_NOT_FOUND.
func Get(ctx context.Context, db *ent.Client, sequence int64) (*ent.ProductChange, error) {
	c, err := db.ProductChange.Get(ctx, sequence)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, fault.ChangeNotFound, "There is no change with the sequence %d.", sequence)
	}
	if err != nil {
		return nil, fmt.Errorf("look up change %d: %w", sequence, err)
	}
	return c, nil
}

// ChangedSince returns the names of the fields that a change set and that have another value in a row with Columns. The
// creation of a product sets all fields.
func ChangedSince(c *ent.ProductChange, now *ent.Product) ([]string, error) {
	then := *now
	if c.Operation == change.Created {
		then = ent.Product{}
	}
	for _, f := range c.Fields {
		if err := fields.Restore(&then, f.Name, f.New); err != nil {
			return nil, err
		}
	}
	var changed []string
	for _, f := range fields.Told() {
		if !f.Same(&then, now) {
			changed = append(changed, f.Name)
		}
	}
	return changed, nil
}

// revertedKey is the context key of the sequence of a change that is undone.
type revertedKey struct{}

// Reverting returns a context for a transaction that undoes a change: its changes are recorded as a revert of it.
func Reverting(ctx context.Context, sequence int64) context.Context {
	return context.WithValue(ctx, revertedKey{}, sequence)
}

// reverted returns the sequence of the change that a transaction undoes; nil if it is no revert.
func reverted(ctx context.Context) *int64 {
	if sequence, ok := ctx.Value(revertedKey{}).(int64); ok {
		return &sequence
	}
	return nil
}
