package product_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product"
)

// brands returns the brands of all pages, each as "NAME COUNT".
func brands(ctx context.Context, t *testing.T, s *product.Service, query string, size int32) []string {
	t.Helper()
	all := []string{}
	req := &catalogv1.ListBrandsRequest{Query: query, PageSize: size}
	for range 100 {
		resp, err := s.ListBrands(ctx, req)
		require.NoError(t, err)
		for _, b := range resp.GetBrands() {
			all = append(all, fmt.Sprintf("%s %d", b.GetName(), b.GetProductCount()))
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
		require.Len(t, resp.GetBrands(), int(size))
	}
	require.Fail(t, "pages without end")
	return nil
}

func TestListBrands(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		require.Empty(t, brands(ctx, t, s, "", 10))
		var gone *catalogv1.Product
		for i, brand := range []string{"Zeb", "Épée", "epee", "Zeb", "IKEA", "Ikea", "Gone", "Black & Decker", "Zeb"} {
			p := sample(fmt.Sprintf("B-%d", i), "Thing")
			p.Brand = brand
			if p = create(ctx, t, s, p); brand == "Gone" {
				gone = p
			}
		}
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: gone.GetId()})
		require.NoError(t, err)

		want := []string{"Black & Decker 1", "epee 1", "Épée 1", "IKEA 1", "Ikea 1", "Zeb 3"}
		for _, size := range []int32{1, 2, 6, 1000} {
			require.Equal(t, want, brands(anonymous(ctx), t, s, "", size))
		}
		require.Equal(t, []string{"Black & Decker 1"}, brands(ctx, t, s, " DÉCK ", 10))
		require.Equal(t, []string{"epee 1", "Épée 1"}, brands(ctx, t, s, "epee", 1))
		require.Empty(t, brands(ctx, t, s, "%", 10))
		for _, name := range []string{"IKEA", "Épée", "Zeb"} {
			found := listAll(ctx, t, s, &catalogv1.ListProductsRequest{Filter: fmt.Sprintf("brand = %q", name), PageSize: 1000})
			require.Contains(t, want, fmt.Sprintf("%s %d", name, len(found)), "a filter finds as many")
		}
	})
}

func TestListBrandsRefusesForgedPositions(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		list := map[string]string{"list": "brands", "query": ""}
		for _, position := range []any{map[string]any{"name": "a\x00b"}, map[string]any{"key": 1}, []int{1}} {
			token, err := pagination.Token(list, position)
			require.NoError(t, err)
			_, err = s.ListBrands(ctx, &catalogv1.ListBrandsRequest{PageToken: token})
			requireFault(t, err, fault.PageTokenInvalid)
		}
		token, err := pagination.Token(list, map[string]any{"key": nil, "name": ""})
		require.NoError(t, err)
		_, err = s.ListBrands(ctx, &catalogv1.ListBrandsRequest{PageToken: token})
		require.NoError(t, err)
		_, err = s.ListBrands(ctx, &catalogv1.ListBrandsRequest{PageToken: token, Query: "a"})
		requireFault(t, err, fault.PageTokenInvalid)
	})
}
