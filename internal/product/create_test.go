package product_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

func TestCreatedProductReadsBackAsStored(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		created := create(ctx, t, s, &catalogv1.Product{
			Id: "ignored", Etag: "ignored",
			Sku: "  cafe\u0301-1 ", Name: " Créme Brûlée ", Brand: "Łódź",
			Price:       &catalogv1.Money{Amount: "5", CurrencyCode: "MXN"},
			Description: "Two\nlines", ImageUrls: []string{"https://example.com/a.png?x=1"},
			Tags: []string{" sale ", "new"}, Attributes: map[string]string{"colour": "red", "empty": ""},
		})
		require.Equal(t, "café-1", created.GetSku())
		require.Equal(t, "Créme Brûlée", created.GetName())
		require.Equal(t, "5.00", created.GetPrice().GetAmount())
		require.Equal(t, []string{"sale", "new"}, created.GetTags())
		require.Equal(t, "1", created.GetEtag())
		require.Len(t, created.GetId(), 36)
		require.Nil(t, created.GetDeleteTime())
		require.True(t, proto.Equal(created, get(ctx, t, s, created.GetId())))
		byItsSKU, err := s.GetProduct(ctx, bySKU(" cafe\u0301-1"))
		require.NoError(t, err)
		require.True(t, proto.Equal(created, byItsSKU.GetProduct()))
	})
}

func TestCreateNamesEveryInvalidField(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		long := func(n int) string { return strings.Repeat("é", n) }
		for name, tc := range map[string]struct {
			change func(p *catalogv1.Product)
			reason fault.Reason
			fields []string
		}{
			"nothing": {
				func(p *catalogv1.Product) { proto.Reset(p) }, fault.FieldInvalid,
				[]string{"product.sku", "product.name", "product.brand", "product.price"},
			},
			"blank texts": {
				func(p *catalogv1.Product) { p.Sku, p.Name, p.Brand = " ", "\t", "\n" }, fault.FieldInvalid,
				[]string{"product.sku", "product.name", "product.brand"},
			},
			"texts that show nothing": {
				func(p *catalogv1.Product) { p.Sku, p.Name, p.Brand = "\u200b", "\u202e\u2066", "\ufeff" }, fault.FieldInvalid,
				[]string{"product.sku", "product.name", "product.brand"},
			},
			"line separators": {
				func(p *catalogv1.Product) { p.Sku, p.Name = "a\u2028b", "a\u2029b" }, fault.FieldInvalid,
				[]string{"product.sku", "product.name"},
			},
			"texts over their limits": {
				func(p *catalogv1.Product) {
					p.Sku, p.Name, p.Brand, p.Description = long(65), long(201), long(101), long(10_001)
				}, fault.FieldInvalid,
				[]string{"product.sku", "product.name", "product.brand", "product.description"},
			},
			"NUL and control characters": {
				func(p *catalogv1.Product) {
					p.Sku, p.Name, p.Brand, p.Description = "a\x00b", "a\nb", "a\x7fb", "a\x00b"
					p.Tags, p.Attributes = []string{"a\x00"}, map[string]string{"a\x00b": "x", "k": "v\x00"}
				}, fault.FieldInvalid,
				[]string{
					"product.sku", "product.name", "product.brand", "product.description", "product.tags[0]",
					`product.attributes["a\x00b"]`, `product.attributes["k"]`,
				},
			},
			"amount only":         {func(p *catalogv1.Product) { p.Price.CurrencyCode = "" }, fault.CurrencyInvalid, []string{"product.price.currency_code"}},
			"negative amount":     {func(p *catalogv1.Product) { p.Price.Amount = "-1" }, fault.MoneyInvalid, []string{"product.price.amount"}},
			"over-precise amount": {func(p *catalogv1.Product) { p.Price.Amount = "1.001" }, fault.MoneyInvalid, []string{"product.price.amount"}},
			"amount past int64":   {func(p *catalogv1.Product) { p.Price.Amount = "92233720368547758.08" }, fault.MoneyInvalid, []string{"product.price.amount"}},
			"unknown currency":    {func(p *catalogv1.Product) { p.Price.CurrencyCode = "ZZZ" }, fault.CurrencyInvalid, []string{"product.price.currency_code"}},
			"money and a text":    {func(p *catalogv1.Product) { p.Price.Amount, p.Name = "x", "" }, fault.FieldInvalid, []string{"product.name", "product.price.amount"}},
			"too many images":     {func(p *catalogv1.Product) { p.ImageUrls = make([]string, 21) }, fault.FieldInvalid, []string{"product.image_urls"}},
			"images from nowhere": {func(p *catalogv1.Product) {
				p.ImageUrls = []string{"/a.png", "ftp://h/a", "https://", "javascript:alert(1)", "http://h/a b", "", "http://ok"}
			}, fault.FieldInvalid, []string{"product.image_urls[0]", "product.image_urls[1]", "product.image_urls[2]", "product.image_urls[3]", "product.image_urls[4]", "product.image_urls[5]"}},
			"image address too long": {func(p *catalogv1.Product) { p.ImageUrls = []string{"http://h/" + long(2000)} }, fault.FieldInvalid, []string{"product.image_urls[0]"}},
			"too many tags":          {func(p *catalogv1.Product) { p.Tags = make([]string, 51) }, fault.FieldInvalid, []string{"product.tags"}},
			"tags twice, empty, long": {
				func(p *catalogv1.Product) { p.Tags = []string{"é", "e\u0301", "", long(121), ""} }, fault.FieldInvalid,
				[]string{"product.tags[1]", "product.tags[2]", "product.tags[3]", "product.tags[4]"},
			},
			"too many attributes": {func(p *catalogv1.Product) {
				p.Attributes = map[string]string{}
				for i := range 51 {
					p.Attributes[fmt.Sprint(i)] = ""
				}
			}, fault.FieldInvalid, []string{"product.attributes"}},
			"attributes": {
				func(p *catalogv1.Product) {
					p.Attributes = map[string]string{"": "x", "é": long(501), "e\u0301": "x", long(65): "x"}
				}, fault.FieldInvalid,
				[]string{`product.attributes[""]`, `product.attributes["é"]`, `product.attributes["é"]`, `product.attributes["` + long(64) + `"]`},
			},
		} {
			p := sample("x", "x")
			tc.change(p)
			_, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: p})
			f := requireFault(t, err, tc.reason)
			require.Equal(t, tc.fields, violated(f), name)
		}
		require.Zero(t, d.Reader().Product.Query().CountX(ctx))
	})
}

func TestLimitsCountCharacters(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := sample(strings.Repeat("𝔘", 64), strings.Repeat("ﷺ", 200)) // four bytes; eighteen letters when folded
		p.Brand = strings.Repeat("é", 100)
		p.Description = strings.Repeat("ﷺ", 10_000)
		for i := range 50 {
			p.Tags = append(p.Tags, fmt.Sprintf("%0120d", i))
		}
		create(ctx, t, s, p)

		create(ctx, t, s, sample("\u0301", "!!!")) // folds to nothing, and holds no words
		noWords := sample("---", "...")
		noWords.Brand = "???"
		create(ctx, t, s, noWords)
	})
}

func TestBatchCreate(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		var requests []*catalogv1.CreateProductRequest
		for i := range 1000 {
			requests = append(requests, &catalogv1.CreateProductRequest{Product: sample(fmt.Sprintf("S%04d", i), "x")})
		}
		resp, err := s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{Requests: requests})
		require.NoError(t, err)
		require.Len(t, resp.GetProducts(), 1000)
		for i, p := range resp.GetProducts() {
			require.Equal(t, fmt.Sprintf("S%04d", i), p.GetSku())
		}
		require.Equal(t, 1000, d.Reader().Product.Query().CountX(ctx))

		mixed := []*catalogv1.CreateProductRequest{
			{Product: sample("N1", "x")}, {Product: sample("", "")}, {Product: sample("N1 ", "x")}, {},
		}
		_, err = s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{Requests: mixed})
		f := requireFault(t, err, fault.FieldInvalid)
		require.Equal(t, []string{
			"requests[1].product.sku", "requests[1].product.name", "requests[2].product.sku",
			"requests[3].product.sku", "requests[3].product.name", "requests[3].product.brand", "requests[3].product.price",
		}, violated(f))

		taken := []*catalogv1.CreateProductRequest{{Product: sample("N1", "x")}, {Product: sample("S0007", "x")}}
		_, err = s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{Requests: taken})
		f = requireFault(t, err, fault.SKUTaken)
		require.Equal(t, resp.GetProducts()[7].GetId(), f.Metadata["product_id"])
		require.Contains(t, f.Message, "requests[1]")
		require.Equal(t, 1000, d.Reader().Product.Query().CountX(ctx), "all or none")
	})
}

func TestOneOfTwoCreatesTakesTheSKU(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for round := range 10 {
			sku := fmt.Sprintf("R%d", round)
			var wg sync.WaitGroup
			var responses [4]*catalogv1.CreateProductResponse
			var errs [4]error
			for i := range errs {
				wg.Go(func() {
					responses[i], errs[i] = s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: sample(sku, "x")})
				})
			}
			wg.Wait()
			winner := ""
			for i, err := range errs {
				if err == nil {
					require.Empty(t, winner, "two won")
					winner = responses[i].GetProduct().GetId()
				}
			}
			require.NotEmpty(t, winner)
			for _, err := range errs {
				if err != nil {
					require.Equal(t, winner, requireFault(t, err, fault.SKUTaken).Metadata["product_id"])
				}
			}
		}
	})
}

func TestSQLInAFieldIsText(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		const injection = `'"); DROP TABLE products; -- $1 ? \ %s`
		p := sample(injection, injection)
		p.Brand, p.Description, p.Tags = injection, injection, []string{injection}
		p.Attributes = map[string]string{injection: injection}
		created := create(ctx, t, s, p)
		require.Equal(t, injection, created.GetAttributes()[injection])
		resp, err := s.GetProduct(ctx, bySKU(injection))
		require.NoError(t, err)
		require.True(t, proto.Equal(created, resp.GetProduct()))
		for _, req := range []*catalogv1.ListProductsRequest{
			{Query: injection},
			{Filter: `name = "'\"); DROP TABLE products; -- $1 ? \\ %s"`},
			{Filter: `tags:"'\"); DROP TABLE products; -- $1 ? \\ %s"`},
			{Filter: `brand:"'\"); DROP TABLE products; -- $1 ? \\ %s"`},
		} {
			list, err := s.ListProducts(ctx, req)
			require.NoError(t, err)
			require.Len(t, list.GetProducts(), 1, "%v", req)
		}
		require.Equal(t, 1, d.Reader().Product.Query().CountX(ctx))
	})
}
