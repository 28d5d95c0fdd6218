package product_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
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
			Ids: []string{a.GetId(), missing, missing}, Skus: []string{"C,\"", "A", "b", " b"},
		})
		f := requireFault(t, err, fault.ProductNotFound)
		require.JSONEq(t, `["`+missing+`"]`, f.Metadata["missing_ids"])
		require.JSONEq(t, `["C,\"","b"]`, f.Metadata["missing_skus"])
		require.Equal(t, "3", f.Metadata["missing_count"])
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

// In gRPC, errors are sent in headers or trailers, which nginx limits to 4 KiB.
func TestErrorsAboutManyMissingProductsAreSmall(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		ids, skus, long := make([]string, 1000), make([]string, 1000), make([]string, 1000)
		for i := range ids {
			ids[i] = uuid.NewString()
			skus[i] = fmt.Sprintf("SKU-%04d", i)
			long[i] = fmt.Sprintf("%04d%s", i, strings.Repeat("𝄞", 196))
		}
		for name, c := range map[string]struct {
			req           *catalogv1.BatchGetProductsRequest
			ids, skus     int
			first, behind string
		}{
			"ids":       {&catalogv1.BatchGetProductsRequest{Ids: ids}, 26, 0, "id " + ids[5], " and 994 more."},
			"SKUs":      {&catalogv1.BatchGetProductsRequest{Skus: skus}, 0, 93, `"SKU-0009"`, " and 990 more."},
			"both":      {&catalogv1.BatchGetProductsRequest{Ids: ids[:20], Skus: skus[:980]}, 20, 22, ids[0], " and 994 more."},
			"long SKUs": {&catalogv1.BatchGetProductsRequest{Skus: long}, 0, 1, `"0000𝄞`, " and 999 more."},
			"one":       {&catalogv1.BatchGetProductsRequest{Skus: []string{strings.Repeat("<", 200)}}, 0, 1, `"<<<`, `<".`},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := s.BatchGetProducts(ctx, c.req)
				f := requireFault(t, err, fault.ProductNotFound)
				require.Equal(t, fmt.Sprint(len(c.req.GetIds())+len(c.req.GetSkus())), f.Metadata["missing_count"])
				var named []string
				require.NoError(t, json.Unmarshal([]byte(f.Metadata["missing_ids"]), &named))
				require.Equal(t, append([]string{}, c.req.GetIds()[:c.ids]...), named)
				require.NoError(t, json.Unmarshal([]byte(f.Metadata["missing_skus"]), &named))
				require.Equal(t, append([]string{}, c.req.GetSkus()[:c.skus]...), named)
				require.Contains(t, f.Message, c.first)
				require.Contains(t, f.Message, c.behind)
				details := len(f.Message) + len(f.Metadata["missing_ids"]) + len(f.Metadata["missing_skus"])
				require.Less(t, len(url.PathEscape(f.Message))+base64.StdEncoding.EncodedLen(details), 3<<10)
			})
		}
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
					require.Equal(t, "Old", c.GetFields()[0].GetOldValue().GetStringValue())
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

		// The changes that a delivery names, in the order of history.
		first, last := all.GetChanges()[3].GetSequence(), all.GetChanges()[0].GetSequence()
		some, err := s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{Sequences: []int64{first, -1, last, 1 << 62}})
		require.NoError(t, err)
		require.Len(t, some.GetChanges(), 2)
		require.Equal(t, last, some.GetChanges()[0].GetSequence())
		require.Equal(t, first, some.GetChanges()[1].GetSequence())
	})
}
