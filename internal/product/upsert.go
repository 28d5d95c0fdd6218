package product

import (
	"context"
	"fmt"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
)

const (
	// upsertTries is the maximum number of attempts of an upsert, which fails if another product with the SKU is created
	// at the same moment.
	upsertTries = 3
	maskSKU     = "sku"
)

// upsert updates the live product with a SKU or, if there is none, creates it. An etag is that of a product that
// exists: with one, upsert creates none. Returns the faults of UpdateProduct and of CreateProduct.
func (s *Service) upsert(ctx context.Context, req *catalogv1.UpdateProductRequest) ([]*catalogv1.Product, error) {
	u, err := newUpsert(req)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		claims := []claim{u.claim()}
		written, err := s.inTx(ctx, req, claims, one(func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
			now, err := lockSKU(ctx, tx, u.patch.SKU())
			if err != nil {
				return nil, err
			}
			if now == nil {
				return u.createMissing(ctx, tx, req.GetProduct())
			}
			claims[0].id = now.ID
			return u.apply(ctx, tx, now)
		}))
		if try == upsertTries || !fault.Is(err, fault.SKUTaken) && !fault.Is(err, fault.ConcurrentChange) {
			return written, err
		}
	}
}

// newUpsert is newUpdate for the product with a SKU, which is required.
func newUpsert(req *catalogv1.UpdateProductRequest) (update, error) {
	var ps fault.Problems
	m, err := fields.ParseMask(req.GetUpdateMask(), req.GetProduct())
	ps.Merge(err)
	if m == nil {
		m = fields.Mask{}
	}
	m[maskSKU] = true // the product has it already
	patch, err := fields.NewPatch(req.GetProduct(), m)
	ps.Within(pathProduct, err)
	return update{etag: req.GetProduct().GetEtag(), patch: patch}, ps.Fault()
}

// createMissing creates the product that an upsert has not found.
func (u *update) createMissing(ctx context.Context, tx *ent.Tx, p *catalogv1.Product) (*ent.Product, error) {
	if u.etag != "" {
		return nil, notFound("", u.patch.SKU())
	}
	draft, err := newDraft(p)
	if err != nil {
		return nil, err
	}
	return insert(&draft)(ctx, tx)
}

// lockSKU returns the live product with a SKU, locked until the end of the transaction; nil if there is none.
func lockSKU(ctx context.Context, tx *ent.Tx, sku string) (*ent.Product, error) {
	query := tx.Product.Query().Where(product.Sku(sku), product.DeleteTimeIsNil())
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	p, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("lock the product with a SKU: %w", err)
	}
	return p, nil
}
