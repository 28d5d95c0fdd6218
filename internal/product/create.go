package product

import (
	"context"
	"fmt"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
)

// CreateProduct adds a product. Returns a fault that names every field that is not valid, or SKU_TAKEN
// with the metadata product_id if a live product holds the SKU.
func (s *Service) CreateProduct(
	ctx context.Context, req *catalogv1.CreateProductRequest,
) (*catalogv1.CreateProductResponse, error) {
	pt, err := newPatch(req.GetProduct(), everything())
	if err != nil {
		return nil, err
	}
	var created *ent.Product
	err = s.inTx(ctx, []claim{{sku: pt.fields.sku}}, func(ctx context.Context, tx *ent.Tx) error {
		create := tx.Product.Create()
		write(create.Mutation(), fields{}, pt.fields)
		created, err = create.Save(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create product: %w", err)
	}
	return &catalogv1.CreateProductResponse{Product: convert.Product(created)}, nil
}

// BatchCreateProducts adds products, all or none, with one INSERT: a thousand of them need fewer
// parameters than either database allows. Returns one fault that names every field of every request
// that is not valid, or SKU_TAKEN.
func (s *Service) BatchCreateProducts(
	ctx context.Context, req *catalogv1.BatchCreateProductsRequest,
) (*catalogv1.BatchCreateProductsResponse, error) {
	all, err := newFields(req.GetRequests())
	if err != nil {
		return nil, err
	}
	claims := make([]claim, len(all))
	for i, f := range all {
		claims[i] = claim{sku: f.sku}
	}
	var created []*ent.Product
	err = s.inTx(ctx, claims, func(ctx context.Context, tx *ent.Tx) error {
		created, err = tx.Product.MapCreateBulk(all, func(create *ent.ProductCreate, i int) {
			write(create.Mutation(), fields{}, all[i])
		}).Save(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("batch create products: %w", err)
	}
	return &catalogv1.BatchCreateProductsResponse{Products: convert.Products(created)}, nil
}

// Fill sets the columns of a new product as CreateProduct does, for who loads a whole catalog below the
// API. Returns a fault that names every field that is not valid.
func Fill(m *ent.ProductMutation, p *catalogv1.Product) error {
	pt, err := newPatch(p, everything())
	if err != nil {
		return err
	}
	write(m, fields{}, pt.fields)
	return nil
}

func newFields(requests []*catalogv1.CreateProductRequest) ([]fields, error) {
	all := make([]fields, len(requests))
	var ps problems
	firstWith := make(map[string]int, len(requests))
	for i, r := range requests {
		pt, err := newPatch(r.GetProduct(), everything())
		ps.within(request(i), err)
		all[i] = pt.fields
		ps.unique(firstWith, i, pt.fields.sku, "product.sku")
	}
	return all, ps.fault()
}
