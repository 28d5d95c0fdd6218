package product

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
)

// update is a validated request to update a product.
type update struct {
	id    uuid.UUID
	etag  string
	patch fields.Patch
}

func (u *update) claim() claim {
	return claim{sku: u.patch.SKU(), id: u.id}
}

// UpdateProduct updates the fields of a live product that the mask names. Returns PRODUCT_NOT_FOUND,
// UPDATE_MASK_INVALID, ETAG_MISMATCH, SKU_TAKEN, or a fault that names every invalid field. With allow_missing and
// without an id, it updates the live product with the SKU or, if there is none, creates it.
func (s *Service) UpdateProduct(
	ctx context.Context, req *catalogv1.UpdateProductRequest,
) (*catalogv1.UpdateProductResponse, error) {
	write := s.update
	if req.GetAllowMissing() && req.GetProduct().GetId() == "" {
		write = s.upsert
	}
	updated, err := write(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("update product: %w", err)
	}
	return &catalogv1.UpdateProductResponse{Product: updated[0]}, nil
}

func (s *Service) update(ctx context.Context, req *catalogv1.UpdateProductRequest) ([]*catalogv1.Product, error) {
	u, err := newUpdate(req)
	if err != nil {
		return nil, err
	}
	return s.inTx(ctx, req, []claim{u.claim()}, one(func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
		now, err := lock(ctx, tx, u.id)
		if err != nil {
			return nil, err
		}
		return u.apply(ctx, tx, now)
	}))
}

// BatchUpdateProducts updates distinct products, all or none. Its faults are those of UpdateProduct, with the paths of
// the requests.
func (s *Service) BatchUpdateProducts(
	ctx context.Context, req *catalogv1.BatchUpdateProductsRequest,
) (*catalogv1.BatchUpdateProductsResponse, error) {
	updates, err := newUpdates(req.GetRequests())
	if err != nil {
		return nil, err
	}
	claims := make([]claim, len(updates))
	for i, u := range updates {
		claims[i] = u.claim()
	}
	updated, err := s.inTx(ctx, req, claims, func(ctx context.Context, tx *ent.Tx) ([]*ent.Product, error) {
		return applyAll(ctx, tx, updates)
	})
	if err != nil {
		return nil, fmt.Errorf("batch update products: %w", err)
	}
	return &catalogv1.BatchUpdateProductsResponse{Products: updated}, nil
}

// newUpdate validates everything in the request that is independent of the product's state.
func newUpdate(req *catalogv1.UpdateProductRequest) (update, error) {
	var ps fault.Problems
	id, err := convert.ParseID("product.id", req.GetProduct().GetId())
	ps.Merge(err)
	m, err := fields.ParseMask(req.GetUpdateMask(), req.GetProduct())
	ps.Merge(err)
	patch, err := fields.NewPatch(req.GetProduct(), m)
	ps.Within(pathProduct, err)
	return update{id: id, etag: req.GetProduct().GetEtag(), patch: patch}, ps.Fault()
}

func newUpdates(requests []*catalogv1.UpdateProductRequest) ([]update, error) {
	updates := make([]update, len(requests))
	var ps fault.Problems
	firstOf, firstWith := make(map[string]int, len(requests)), make(map[string]int, len(requests))
	for i, r := range requests {
		u, err := newUpdate(r)
		ps.Within(request(i), err)
		updates[i] = u
		if u.id != uuid.Nil {
			noteRepeated(&ps, firstOf, i, u.id.String(), "product.id")
		}
		noteRepeated(&ps, firstWith, i, u.patch.SKU(), "product.sku")
		noteOwn(&ps, i, r)
		if r.GetAllowMissing() {
			ps.Addf(request(i)+".allow_missing", fault.FieldReason(fault.FieldInvalid), "must not be set in a batch")
		}
	}
	return updates, ps.Fault()
}

// applyAll updates the products in the order of their ids, like every other transaction, which prevents deadlocks.
func applyAll(ctx context.Context, tx *ent.Tx, updates []update) ([]*ent.Product, error) {
	ids := make([]uuid.UUID, len(updates))
	order := make([]int, len(updates))
	for i, u := range updates {
		ids[i], order[i] = u.id, i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(ids[a][:], ids[b][:]) })
	locked, err := lockAll(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	updated := make([]*ent.Product, len(updates))
	var ps fault.Problems
	for _, i := range order {
		now, ok := locked[updates[i].id]
		if !ok {
			return nil, notFound(updates[i].id.String(), "").Within(request(i))
		}
		updated[i], err = updates[i].apply(ctx, tx, now)
		ps.Within(request(i), err)
		if err := ps.Fatal(); err != nil {
			return nil, err
		}
	}
	return updated, ps.Fault()
}

// apply updates a locked product, if anything differs. Returns ETAG_MISMATCH, or a fault that names the part of
// the price that conflicts with the other.
func (u *update) apply(ctx context.Context, tx *ent.Tx, p *ent.Product) (*ent.Product, error) {
	if err := checkETag(ctx, tx, p, u.etag); err != nil {
		return nil, err
	}
	next, err := u.patch.Onto(p)
	if err != nil {
		var ps fault.Problems
		ps.Within(pathProduct, err)
		return nil, ps.Fault()
	}
	change := tx.Product.UpdateOne(p)
	if !fields.Write(change.Mutation(), p, next) {
		return p, nil
	}
	return change.Save(ctx)
}

// lock returns a live product, locked until the end of the transaction. Returns PRODUCT_NOT_FOUND if there is none.
func lock(ctx context.Context, tx *ent.Tx, id uuid.UUID) (*ent.Product, error) {
	locked, err := lockAll(ctx, tx, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	if p, ok := locked[id]; ok {
		return p, nil
	}
	return nil, notFound(id.String(), "")
}

// lockAll is lock for several products. It omits those that are not live.
func lockAll(ctx context.Context, tx *ent.Tx, ids []uuid.UUID) (map[uuid.UUID]*ent.Product, error) {
	query := tx.Product.Query().
		Where(product.IDIn(ids...), product.DeleteTimeIsNil()).
		Order(product.ByID())
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	found, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock products: %w", err)
	}
	locked := make(map[uuid.UUID]*ent.Product, len(found))
	for _, p := range found {
		locked[p.ID] = p
	}
	return locked, nil
}
