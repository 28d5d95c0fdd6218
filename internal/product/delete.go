package product

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// DeleteProduct soft-deletes a live product and frees its SKU. Returns PRODUCT_NOT_FOUND or ETAG_MISMATCH.
func (s *Service) DeleteProduct(
	ctx context.Context, req *catalogv1.DeleteProductRequest,
) (*catalogv1.DeleteProductResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	deleted, err := s.inTx(ctx, req, []claim{{id: id}}, one(func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
		now, err := lock(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if err := checkETag(ctx, tx, now, req.GetEtag()); err != nil {
			return nil, err
		}
		return softDelete(ctx, tx, now)
	}))
	if err != nil {
		return nil, fmt.Errorf("delete product: %w", err)
	}
	return &catalogv1.DeleteProductResponse{Product: deleted[0]}, nil
}

// UndeleteProduct restores a soft-deleted product. Returns PRODUCT_NOT_FOUND, PRODUCT_NOT_DELETED, or SKU_TAKEN with
// the metadata product_id if a live product has the SKU now.
func (s *Service) UndeleteProduct(
	ctx context.Context, req *catalogv1.UndeleteProductRequest,
) (*catalogv1.UndeleteProductResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	claims := []claim{{id: id}}
	restored, err := s.inTx(ctx, req, claims, one(func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
		now, err := lockDeleted(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		claims[0].sku = now.Sku
		return restore(ctx, tx, now)
	}))
	if err != nil {
		return nil, fmt.Errorf("undelete product: %w", err)
	}
	return &catalogv1.UndeleteProductResponse{Product: restored[0]}, nil
}

// softDelete deletes a locked, live product.
func softDelete(ctx context.Context, tx *ent.Tx, p *ent.Product) (*ent.Product, error) {
	return tx.Product.UpdateOne(p).SetDeleteTime(tx.Clock.Now()).Save(ctx)
}

// restore restores a locked, deleted product.
func restore(ctx context.Context, tx *ent.Tx, p *ent.Product) (*ent.Product, error) {
	return tx.Product.UpdateOne(p).ClearDeleteTime().Save(ctx)
}

// lockDeleted returns a soft-deleted product, locked until the end of the transaction. Returns PRODUCT_NOT_FOUND if
// there is no product, and PRODUCT_NOT_DELETED if it is live.
func lockDeleted(ctx context.Context, tx *ent.Tx, id uuid.UUID) (*ent.Product, error) {
	query := tx.Product.Query().Where(product.ID(id))
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	p, err := query.Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, notFound(id.String(), "")
	case err != nil:
		return nil, fmt.Errorf("lock product: %w", err)
	case p.DeleteTime == nil:
		return nil, fault.New(fault.FailedPrecondition, fault.ProductNotDeleted,
			"The product %s is live: there is nothing to restore.", id)
	}
	return p, nil
}
