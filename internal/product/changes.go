package product

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/history"
)

// ListProductChanges returns a page of the history of a product, live or deleted, or of the whole catalog. Returns
// PRODUCT_NOT_FOUND or the faults of history.List.
func (s *Service) ListProductChanges(
	ctx context.Context, req *catalogv1.ListProductChangesRequest,
) (*catalogv1.ListProductChangesResponse, error) {
	var id uuid.UUID
	if req.GetProductId() != "" {
		var err error
		if id, err = convert.ParseID("product_id", req.GetProductId()); err != nil {
			return nil, err
		}
	}
	page, err := history.List(ctx, s.db.Reader(), id, req)
	if err != nil {
		return nil, err
	}
	if len(page.GetChanges()) > 0 || req.GetPageToken() != "" || id == uuid.Nil {
		return page, nil
	}
	if err := s.mustExist(ctx, id, req.GetProductId()); err != nil {
		return nil, err
	}
	return page, nil
}

// mustExist returns PRODUCT_NOT_FOUND if no product has the id, live or deleted.
func (s *Service) mustExist(ctx context.Context, id uuid.UUID, asked string) error {
	exists, err := s.db.Reader().Product.Query().Where(product.ID(id)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look up product: %w", err)
	}
	if !exists {
		return notFound(asked, "")
	}
	return nil
}
