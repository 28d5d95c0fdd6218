package product_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	entproduct "github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

// A call for validation only answers as the call would, with the same errors, and leaves no trace.
func TestValidateOnlyWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("LIVE"))
		gone := create(ctx, t, s, full("GONE"))
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: gone.GetId()})
		require.NoError(t, err)
		state := func() (rows string, changes int) {
			t.Helper()
			return fmt.Sprint(d.Reader().Product.Query().Order(entproduct.ByID()).AllX(ctx)), d.Reader().ProductChange.Query().CountX(ctx)
		}
		rows, changes := state()

		created, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: full("NEW"), ValidateOnly: true})
		require.NoError(t, err)
		require.Equal(t, "NEW", created.GetProduct().GetSku())
		batch, err := s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{
			Requests: []*catalogv1.CreateProductRequest{{Product: full("NEW")}, {Product: full("NEWER")}}, ValidateOnly: true,
		})
		require.NoError(t, err)
		require.Len(t, batch.GetProducts(), 2)
		change := &catalogv1.Product{Id: p.GetId(), Name: "Changed", Etag: p.GetEtag()}
		updated, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: change, ValidateOnly: true})
		require.NoError(t, err)
		require.Equal(t, "Changed", updated.GetProduct().GetName())
		require.Equal(t, "2", updated.GetProduct().GetEtag())
		_, err = s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{
			Requests: []*catalogv1.UpdateProductRequest{{Product: change}}, ValidateOnly: true,
		})
		require.NoError(t, err)
		deleted, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), ValidateOnly: true})
		require.NoError(t, err)
		require.NotNil(t, deleted.GetProduct().GetDeleteTime())
		restored, err := s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: gone.GetId(), ValidateOnly: true})
		require.NoError(t, err)
		require.Nil(t, restored.GetProduct().GetDeleteTime())

		_, err = s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: full("LIVE"), ValidateOnly: true})
		requireFault(t, err, fault.SKUTaken)
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: "9", ValidateOnly: true})
		requireFault(t, err, fault.ETagMismatch)
		_, err = s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{
			Requests: []*catalogv1.CreateProductRequest{{Product: full("A")}, {Product: full("B"), ValidateOnly: true}},
		})
		require.Equal(t, []string{"requests[1].validate_only"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{
			Requests: []*catalogv1.UpdateProductRequest{{Product: change, ValidateOnly: true}},
		})
		require.Equal(t, []string{"requests[0].validate_only"}, violated(requireFault(t, err, fault.FieldInvalid)))

		after, changesAfter := state()
		require.Equal(t, rows, after)
		require.Equal(t, changes, changesAfter)
		require.Equal(t, p.GetName(), get(ctx, t, s, p.GetId()).GetName(), "nor is it in the cache")
	})
}
