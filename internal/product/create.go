package product

import (
	"context"
	"fmt"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
)

// CreateProduct creates a product. Returns a fault that names every invalid field, or SKU_TAKEN with the metadata
// product_id if a live product has the SKU.
func (s *Service) CreateProduct(
	ctx context.Context, req *catalogv1.CreateProductRequest,
) (*catalogv1.CreateProductResponse, error) {
	draft, err := newDraft(req.GetProduct())
	if err != nil {
		return nil, err
	}
	created, err := s.inTx(ctx, req, []claim{{sku: draft.SKU()}}, one(insert(&draft)))
	if err != nil {
		return nil, fmt.Errorf("create product: %w", err)
	}
	return &catalogv1.CreateProductResponse{Product: created[0]}, nil
}

// BatchCreateProducts creates products, all or none, with one INSERT: even a thousand products stay below both
// databases' limits of parameters. Returns one fault that names every invalid field of every request, or SKU_TAKEN.
func (s *Service) BatchCreateProducts(
	ctx context.Context, req *catalogv1.BatchCreateProductsRequest,
) (*catalogv1.BatchCreateProductsResponse, error) {
	drafts, err := newDrafts(req.GetRequests())
	if err != nil {
		return nil, err
	}
	claims := make([]claim, len(drafts))
	for i := range drafts {
		claims[i] = claim{sku: drafts[i].SKU()}
	}
	created, err := s.inTx(ctx, req, claims, func(ctx context.Context, tx *ent.Tx) ([]*ent.Product, error) {
		return tx.Product.MapCreateBulk(drafts, func(create *ent.ProductCreate, i int) {
			drafts[i].Create(create.Mutation())
		}).Save(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("batch create products: %w", err)
	}
	return &catalogv1.BatchCreateProductsResponse{Products: created}, nil
}

// Fill sets the columns of a new product as CreateProduct does, for tools that load a whole catalog without the API.
// Returns a fault that names every invalid field.
func Fill(m *ent.ProductMutation, p *catalogv1.Product) error {
	draft, err := newDraft(p)
	if err != nil {
		return err
	}
	draft.Create(m)
	return nil
}

// newDraft validates a new product. Returns a fault that names every invalid field, below "product".
func newDraft(p *catalogv1.Product) (fields.Patch, error) {
	draft, err := fields.NewPatch(p, fields.Everything())
	var ps fault.Problems
	ps.Within(pathProduct, err)
	return draft, ps.Fault()
}

// insert returns the function that creates a product.
func insert(draft *fields.Patch) func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
	return func(ctx context.Context, tx *ent.Tx) (*ent.Product, error) {
		create := tx.Product.Create()
		draft.Create(create.Mutation())
		return create.Save(ctx)
	}
}

func newDrafts(requests []*catalogv1.CreateProductRequest) ([]fields.Patch, error) {
	drafts := make([]fields.Patch, len(requests))
	var ps fault.Problems
	firstWith := make(map[string]int, len(requests))
	for i, r := range requests {
		draft, err := newDraft(r.GetProduct())
		ps.Within(request(i), err)
		drafts[i] = draft
		noteRepeated(&ps, firstWith, i, draft.SKU(), "product.sku")
		noteOwn(&ps, i, r)
	}
	return drafts, ps.Fault()
}
