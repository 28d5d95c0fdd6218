package product_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

func TestDeleteHidesAndUndeleteRestores(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := create(ctx, t, s, full("S"))
		id := p.GetId()
		resp, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: id, Etag: p.GetEtag()})
		require.NoError(t, err)
		require.NotNil(t, resp.GetProduct().GetDeleteTime())
		require.Equal(t, "2", resp.GetProduct().GetEtag())

		_, err = s.GetProduct(anonymous(ctx), byID(id))
		requireFault(t, err, fault.ProductNotFound)
		_, err = s.GetProduct(ctx, bySKU("S"))
		requireFault(t, err, fault.ProductNotFound)
		require.True(t, proto.Equal(resp.GetProduct(), get(ctx, t, s, id)), "administrators see it by id")
		_, err = s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Ids: []string{id}})
		requireFault(t, err, fault.ProductNotFound)
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: id})
		requireFault(t, err, fault.ProductNotFound)

		holder := create(ctx, t, s, sample("S", "New holder"))
		_, err = s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: id})
		f := requireFault(t, err, fault.SKUTaken)
		require.Equal(t, holder.GetId(), f.Metadata["product_id"])
		_, err = s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: holder.GetId()})
		requireFault(t, err, fault.ProductNotDeleted)
		_, err = s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: uuid.NewString()})
		requireFault(t, err, fault.ProductNotFound)

		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: holder.GetId()})
		require.NoError(t, err)
		restored, err := s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: id})
		require.NoError(t, err)
		require.Nil(t, restored.GetProduct().GetDeleteTime())
		got, err := s.GetProduct(anonymous(ctx), bySKU("S"))
		require.NoError(t, err)
		require.True(t, proto.Equal(restored.GetProduct(), got.GetProduct()))
	})
}

func TestGetNamesWhatIsMissing(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		a, b := create(ctx, t, s, full("A")), create(ctx, t, s, full("B"))
		resp, err := s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{
			Ids: []string{b.GetId(), a.GetId(), b.GetId()}, Skus: []string{"B", " A "},
		})
		require.NoError(t, err)
		require.Equal(t, []string{"B", "A", "B", "B", "A"}, skus(resp.GetProducts()))

		missing := uuid.NewString()
		_, err = s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{
			Ids: []string{a.GetId(), missing}, Skus: []string{"C,\"", "A", "b"},
		})
		f := requireFault(t, err, fault.ProductNotFound)
		require.JSONEq(t, `["`+missing+`"]`, f.Metadata["missing_ids"])
		require.JSONEq(t, `["C,\"","b"]`, f.Metadata["missing_skus"])
		require.Contains(t, f.Message, missing)

		_, err = s.GetProduct(ctx, bySKU("a\x00"))
		require.Equal(t, []string{"sku"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Skus: []string{"A", "a\x00"}})
		require.Equal(t, []string{"skus[1]"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.GetProduct(ctx, byID("1"))
		require.Equal(t, []string{"id"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.GetProduct(ctx, &catalogv1.GetProductRequest{})
		require.Equal(t, []string{"id"}, violated(requireFault(t, err, fault.FieldInvalid)))
	})
}

func TestHistoryIsListedNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		a, b := create(ctx, t, s, full("A")), create(ctx, t, s, full("B"))
		_, err := s.UpdateProduct(asAdmin(ctx, "Bob"), &catalogv1.UpdateProductRequest{
			Product: &catalogv1.Product{Id: a.GetId(), Name: "New"},
		})
		require.NoError(t, err)
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: a.GetId()})
		require.NoError(t, err)
		_, err = s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: a.GetId()})
		require.NoError(t, err)

		var operations []catalogv1.ProductChange_Operation
		var sequence int64
		req := &catalogv1.ListProductChangesRequest{ProductId: a.GetId(), PageSize: 3}
		for {
			page, err := s.ListProductChanges(ctx, req)
			require.NoError(t, err)
			for _, c := range page.GetChanges() {
				require.True(t, sequence == 0 || c.GetSequence() < sequence)
				sequence = c.GetSequence()
				require.Equal(t, a.GetId(), c.GetProductId())
				operations = append(operations, c.GetOperation())
				if c.GetOperation() == catalogv1.ProductChange_OPERATION_UPDATED {
					require.Equal(t, "Bob", c.GetActorName())
					require.Equal(t, "2", c.GetEtag())
					require.Equal(t, "name", c.GetFields()[0].GetField())
					require.Equal(t, "New", c.GetFields()[0].GetNewValue().GetStringValue())
					require.Nil(t, c.GetFields()[0].GetOldValue().AsInterface())
				}
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		require.Equal(t, []catalogv1.ProductChange_Operation{
			catalogv1.ProductChange_OPERATION_UNDELETED, catalogv1.ProductChange_OPERATION_DELETED,
			catalogv1.ProductChange_OPERATION_UPDATED, catalogv1.ProductChange_OPERATION_CREATED,
		}, operations)

		all, err := s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{PageSize: 4})
		require.NoError(t, err)
		require.Len(t, all.GetChanges(), 4)
		_, err = s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{ProductId: b.GetId(), PageToken: all.GetNextPageToken()})
		requireFault(t, err, fault.PageTokenInvalid)
		_, err = s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{ProductId: uuid.NewString()})
		requireFault(t, err, fault.ProductNotFound)

		// Those that a delivery names, in the order of history.
		first, last := all.GetChanges()[3].GetSequence(), all.GetChanges()[0].GetSequence()
		some, err := s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{Sequences: []int64{first, -1, last, 1 << 62}})
		require.NoError(t, err)
		require.Len(t, some.GetChanges(), 2)
		require.Equal(t, last, some.GetChanges()[0].GetSequence())
		require.Equal(t, first, some.GetChanges()[1].GetSequence())
	})
}
