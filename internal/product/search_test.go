package product_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

func TestQueryFindsTheSameOnBothDatabases(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for _, p := range []*catalogv1.Product{
			{Sku: "WH-1000", Name: "Headphones", Brand: "Sony", Description: "Noise cancelling, über-light", Tags: []string{"Audio gear"}},
			{Sku: "WH-1000XM5", Name: "Headphones mark five", Brand: "Sony"},
			{Sku: "CASE-1", Name: "Case for WH-1000", Brand: "Acme"},
			{Sku: "WH", Name: "1000 of them", Brand: "Acme"},
			{Sku: "X1", Name: "WH-1000 stand", Brand: "Acme"},
			{Sku: "X2", Name: "Crème brûlée", Brand: "Łódź"},
			{Sku: "+++", Name: "Plus", Brand: "中文字"},
			{Sku: "NEAR", Name: "near AND or NOT", Brand: "Straße"},
		} {
			p.Price = &catalogv1.Money{Amount: "1", CurrencyCode: "MXN"}
			create(ctx, t, s, p)
		}
		for query, expected := range map[string][]string{
			"WH-1000":                   {"WH-1000", "WH-1000XM5", "X1", "WH", "CASE-1"},
			" wh-1000 ":                 {"WH-1000", "WH-1000XM5", "X1", "WH", "CASE-1"},
			"wh 1000":                   {"X1", "WH", "CASE-1", "WH-1000", "WH-1000XM5"},
			"creme":                     {"X2"},
			"CRÈME BRULEE":              {"X2"},
			"brul cre":                  {"X2"},
			"uber":                      {"WH-1000"},
			"audio":                     {"WH-1000"},
			"headphones sony":           {"WH-1000", "WH-1000XM5"},
			"headphones acme":           {},
			"phones":                    {},
			"strasse":                   {"NEAR"},
			"+++":                       {"+++"},
			"++":                        {},
			"中":                         {"+++"},
			"near":                      {"NEAR"},
			"near and or not":           {"NEAR"},
			`"near" OR`:                 {"NEAR"},
			"NEAR(x":                    {},
			`near* & ! | ' \ : ( ) ^`:   {"NEAR"},
			"name:near":                 {},
			"sku:*":                     {},
			"' OR 1=1 --":               {},
			strings.Repeat("near ", 51): {"NEAR"},
		} {
			for _, size := range []int32{1, 50} {
				require.ElementsMatch(t, expected, listAll(ctx, t, s, &catalogv1.ListProductsRequest{Query: query, PageSize: size}), query)
			}
			if len(expected) > 0 && !strings.Contains(query, "wh 1000") {
				require.Equal(t, expected, listAll(ctx, t, s, &catalogv1.ListProductsRequest{Query: query, PageSize: 2}), query)
			}
		}
		require.Len(t, listAll(ctx, t, s, &catalogv1.ListProductsRequest{Query: "  "}), 8, "a blank query is none")
		require.Equal(t, []string{"CASE-1", "X1"},
			listAll(ctx, t, s, &catalogv1.ListProductsRequest{Query: "wh-1000", Filter: `brand = "Acme" NOT sku = "WH"`, OrderBy: "sku"}))
	})
}

func TestQueryFollowsChanges(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := create(ctx, t, s, sample("S", "Lamp"))
		found := func(query string) []string {
			return listAll(ctx, t, s, &catalogv1.ListProductsRequest{Query: query})
		}
		require.Equal(t, []string{"S"}, found("lamp"))
		_, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: p.GetId(), Name: "Torch", Tags: []string{"bright"}}})
		require.NoError(t, err)
		require.Empty(t, found("lamp"))
		require.Equal(t, []string{"S"}, found("torch bright"))
		_, err = s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: p.GetId()}, UpdateMask: mask("tags")})
		require.NoError(t, err)
		require.Empty(t, found("bright"))
	})
}

func TestQueryIsRefused(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		var many []string
		for i := range 65 {
			many = append(many, fmt.Sprintf("w%d", i))
		}
		for _, query := range []string{"a\x00b", "a\x1b", strings.Join(many, " ")} {
			_, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{Query: query})
			require.Equal(t, []string{"query"}, violated(requireFault(t, err, fault.FieldInvalid)))
		}
		_, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{Query: strings.Join(many[:64], " ")})
		require.NoError(t, err)
	})
}
