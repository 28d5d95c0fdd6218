package product_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entproduct "github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

// upsert returns a request that updates or creates a product.
func upsert(p *catalogv1.Product, paths ...string) *catalogv1.UpdateProductRequest {
	return &catalogv1.UpdateProductRequest{
		Product: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, AllowMissing: true,
	}
}

func TestUpsertCreatesOrUpdatesByMask(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		created, err := s.UpdateProduct(ctx, upsert(sample(" NEW ", "First"), "brand"))
		require.NoError(t, err)
		p := created.GetProduct()
		require.Equal(t, "NEW", p.GetSku())
		require.Equal(t, "First", p.GetName(), "a new product gets all fields")
		require.Equal(t, "1", p.GetEtag())

		other := sample("NEW", "Second")
		other.Brand = "Other"
		updated, err := s.UpdateProduct(ctx, upsert(other, "brand"))
		require.NoError(t, err)
		require.Equal(t, p.GetId(), updated.GetProduct().GetId())
		require.Equal(t, "First", updated.GetProduct().GetName(), "an existing one those of the mask")
		require.Equal(t, "Other", updated.GetProduct().GetBrand())
		same, err := s.UpdateProduct(ctx, upsert(other, "brand"))
		require.NoError(t, err)
		require.True(t, proto.Equal(updated, same), "nothing changes")

		other.Etag = "1"
		_, err = s.UpdateProduct(ctx, upsert(other))
		requireFault(t, err, fault.ETagMismatch)
		other.Etag = "2"
		_, err = s.UpdateProduct(ctx, upsert(other))
		require.NoError(t, err)
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId()})
		require.NoError(t, err)
		_, err = s.UpdateProduct(ctx, upsert(other))
		requireFault(t, err, fault.ProductNotFound) // its etag is that of a product, and there is none
		other.Etag = ""
		again, err := s.UpdateProduct(ctx, upsert(other))
		require.NoError(t, err)
		require.NotEqual(t, p.GetId(), again.GetProduct().GetId(), "a deleted product has no SKU")
	})
}

func TestUpsertRefusesInvalidRequests(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("P"))
		unknown := sample("NEW", "N")
		unknown.Id = uuid.NewString()
		_, err := s.UpdateProduct(ctx, upsert(unknown))
		requireFault(t, err, fault.ProductNotFound)
		_, err = s.UpdateProduct(ctx, upsert(&catalogv1.Product{Name: "N"}, "name", "colour"))
		require.Equal(t, []string{"update_mask", "product.sku"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.UpdateProduct(ctx, upsert(&catalogv1.Product{Sku: "NEW", Name: "N"}, "name"))
		require.Equal(t, []string{"product.brand", "product.price"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: sample("P", "N")})
		require.Equal(t, []string{"product.id"}, violated(requireFault(t, err, fault.FieldInvalid)), "without allow_missing")
		_, err = s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{
			Requests: []*catalogv1.UpdateProductRequest{{Product: &catalogv1.Product{Id: p.GetId(), Name: "N"}, AllowMissing: true}},
		})
		require.Equal(t, []string{"requests[0].allow_missing"}, violated(requireFault(t, err, fault.FieldInvalid)))
		require.Equal(t, 1, d.Reader().Product.Query().CountX(ctx))
	})
}

// Upserts of one SKU at the same moment create one product, and all succeed. With one request id they do one thing.
func TestUpsertsAtOnceCreateOne(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		const callers = 8
		for round, withID := range []bool{false, true} {
			sku := fmt.Sprintf("NEW%d", round)
			answers, errs := make([]*catalogv1.UpdateProductResponse, callers), make([]error, callers)
			requestID := uuid.NewString()
			var all sync.WaitGroup
			for i := range callers {
				req := upsert(sample(sku, fmt.Sprintf("Name %d", i)))
				if withID {
					req = upsert(sample(sku, "Name"))
					req.RequestId = requestID
				}
				all.Go(func() { answers[i], errs[i] = s.UpdateProduct(ctx, req) })
			}
			all.Wait()
			versions := map[string]bool{}
			for i := range callers {
				require.NoError(t, errs[i])
				require.Equal(t, answers[0].GetProduct().GetId(), answers[i].GetProduct().GetId())
				versions[answers[i].GetProduct().GetEtag()] = true
			}
			require.Len(t, versions, map[bool]int{false: callers, true: 1}[withID])
			require.Equal(t, 1, d.Reader().Product.Query().Where(entproduct.Sku(sku)).CountX(ctx))
		}
	})
}
