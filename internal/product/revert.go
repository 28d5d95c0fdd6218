package product

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

// RevertProductChange undoes a change by a new one. Returns CHANGE_NOT_FOUND; CHANGED_SINCE, whose metadata lists the
// fields, separated by commas; PRODUCT_DELETED or PRODUCT_NOT_DELETED; or SKU_TAKEN.
func (s *Service) RevertProductChange(
	ctx context.Context, req *catalogv1.RevertProductChangeRequest,
) (*catalogv1.RevertProductChangeResponse, error) {
	c, err := history.Get(ctx, s.db.Reader(), req.GetSequence())
	if err != nil {
		return nil, err
	}
	claims := []claim{{id: c.ProductID}}
	undo, err := undoing(c, claims)
	if err != nil {
		return nil, fmt.Errorf("revert change %d: %w", c.ID, err)
	}
	reverted, err := s.inTx(history.Reverting(ctx, c.ID), req, claims, one(undo))
	if err != nil {
		return nil, fmt.Errorf("revert change %d: %w", c.ID, err)
	}
	return &catalogv1.RevertProductChangeResponse{Product: reverted[0]}, nil
}

// undoing returns the function that undoes a change. It sets the SKU of the claim on the product.
func undoing(
	c *ent.ProductChange, claims []claim,
) (func(ctx context.Context, tx *ent.Tx) (*ent.Product, error), error) {
	switch c.Operation {
	case change.Updated:
		u, err := restoring(c)
		if err != nil {
			return nil, err
		}
		claims[0] = u.claim()
		return func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
			now, err := lockUnchanged(ctx, tx, c)
			if err != nil {
				return nil, err
			}
			return u.apply(ctx, tx, now)
		}, nil
	case change.Deleted:
		return func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
			now, err := lockDeleted(ctx, tx, c.ProductID)
			if err != nil {
				return nil, err
			}
			claims[0].sku = now.Sku
			return restore(ctx, tx, now)
		}, nil
	case change.Created, change.Undeleted:
		return func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
			now, err := lockUnchanged(ctx, tx, c)
			if err != nil {
				return nil, err
			}
			return softDelete(ctx, tx, now)
		}, nil
	default:
		return nil, fmt.Errorf("unknown operation %q", c.Operation)
	}
}

// restoring returns the update that sets the fields of a change to their old values. Returns a fault that names every
// field whose old value is not valid any more.
func restoring(c *ent.ProductChange) (update, error) {
	old := ent.Product{ID: c.ProductID}
	for _, f := range c.Fields {
		if err := fields.Restore(&old, f.Name, f.Old); err != nil {
			return update{}, err
		}
	}
	p := fields.Message(&old)
	p.Etag = "" // lockUnchanged compares the fields
	return newUpdate(&catalogv1.UpdateProductRequest{
		Product: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: fieldNames(c)},
	})
}

// lockUnchanged returns a live product that still has the values that a change set, locked until the end of the
// transaction. Returns PRODUCT_DELETED or CHANGED_SINCE.
func lockUnchanged(ctx context.Context, tx *ent.Tx, c *ent.ProductChange) (*ent.Product, error) {
	now, err := lock(ctx, tx, c.ProductID)
	if fault.Is(err, fault.ProductNotFound) { // rows are never removed
		return nil, fault.New(fault.FailedPrecondition, fault.ProductDeleted,
			"The product %s is deleted: restore it first.", c.ProductID).
			With("product_id", c.ProductID.String()).Because(err)
	}
	if err != nil {
		return nil, err
	}
	changed, err := history.ChangedSince(c, now)
	if err != nil {
		return nil, err
	}
	if len(changed) > 0 {
		return nil, fault.New(fault.Aborted, fault.ChangedSince,
			"The product %s has other values now, in %s. Revert the later changes first, or update the product.",
			c.ProductID, strings.Join(changed, ", ")).
			With("fields", strings.Join(changed, ",")).
			With("product_id", c.ProductID.String())
	}
	return now, nil
}
