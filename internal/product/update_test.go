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

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
)

func full(sku string) *catalogv1.Product {
	p := sample(sku, "Old")
	p.Description, p.ImageUrls, p.Tags = "Old", []string{"https://old"}, []string{"old"}
	p.Attributes = map[string]string{"old": "x"}
	return p
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func TestUpdateChangesWhatTheMaskNames(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		price := func(amount, currency string) *catalogv1.Money {
			return &catalogv1.Money{Amount: amount, CurrencyCode: currency}
		}
		for i, tc := range []struct {
			mask   *fieldmaskpb.FieldMask
			given  *catalogv1.Product
			expect func(p *catalogv1.Product)
		}{
			{mask("name"), &catalogv1.Product{Name: " New ", Brand: "ignored"}, func(p *catalogv1.Product) { p.Name = "New" }},
			{mask("description", "tags", "image_urls", "attributes"), &catalogv1.Product{}, func(p *catalogv1.Product) {
				p.Description, p.Tags, p.ImageUrls, p.Attributes = "", nil, nil, nil
			}},
			{mask("price"), &catalogv1.Product{Price: price("7", "JPY")}, func(p *catalogv1.Product) { p.Price = price("7", "JPY") }},
			{mask("price.amount"), &catalogv1.Product{Price: price("7.5", "ignored")}, func(p *catalogv1.Product) { p.Price = price("7.50", "MXN") }},
			{mask("price.currency_code"), &catalogv1.Product{Price: price("ignored", "KWD")}, func(p *catalogv1.Product) { p.Price = price("10.000", "KWD") }},
			{mask("price.currency_code", "price.amount"), &catalogv1.Product{Price: price("1", "KWD")}, func(p *catalogv1.Product) { p.Price = price("1.000", "KWD") }},
			{nil, &catalogv1.Product{Brand: "New", Tags: []string{"a"}}, func(p *catalogv1.Product) { p.Brand, p.Tags = "New", []string{"a"} }},
			{mask(), &catalogv1.Product{Price: price("3", "")}, func(p *catalogv1.Product) { p.Price = price("3.00", "MXN") }},
			{mask("*"), sample("all", "New"), func(p *catalogv1.Product) {
				proto.Reset(p)
				proto.Merge(p, sample("all", "New"))
			}},
			{mask("name", "id", "etag", "create_time", "update_time.seconds", "delete_time"), &catalogv1.Product{Name: "New"}, func(p *catalogv1.Product) { p.Name = "New" }},
		} {
			before := create(ctx, t, s, full(fmt.Sprintf("S%d", i)))
			tc.given.Id = before.GetId()
			resp, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: tc.given, UpdateMask: tc.mask})
			require.NoError(t, err, i)
			after := resp.GetProduct()
			require.Equal(t, "2", after.GetEtag())
			require.False(t, after.GetUpdateTime().AsTime().Before(before.GetUpdateTime().AsTime()))
			require.True(t, proto.Equal(after, get(ctx, t, s, before.GetId())), i)

			expected := proto.CloneOf(before)
			tc.expect(expected)
			expected.Id, expected.Etag = after.GetId(), after.GetEtag()
			expected.CreateTime, expected.UpdateTime = before.GetCreateTime(), after.GetUpdateTime()
			require.True(t, proto.Equal(expected, after), "%d: %v", i, after)
		}
	})
}

func TestUpdateThatChangesNothingLeavesTheRowAlone(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		before := create(ctx, t, s, full("S"))
		for _, m := range []*fieldmaskpb.FieldMask{nil, mask("*"), mask("name"), mask("etag")} {
			resp, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: before, UpdateMask: m})
			require.NoError(t, err)
			require.True(t, proto.Equal(before, resp.GetProduct()))
		}
		require.Equal(t, 1, d.Reader().ProductChange.Query().CountX(ctx))
	})
}

func TestUpdateRefusesWhatIsNotValid(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		before := create(ctx, t, s, full("S"))
		other := create(ctx, t, s, sample("OTHER", "x"))
		deleted := create(ctx, t, s, sample("GONE", "x"))
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: deleted.GetId()})
		require.NoError(t, err)
		id := before.GetId()
		for i, tc := range []struct {
			given  *catalogv1.Product
			mask   *fieldmaskpb.FieldMask
			reason fault.Reason
			fields []string
		}{
			{&catalogv1.Product{}, nil, fault.FieldInvalid, []string{"product.id"}},
			{&catalogv1.Product{Id: "{" + id + "}"}, nil, fault.FieldInvalid, []string{"product.id"}},
			{&catalogv1.Product{Id: uuid.NewString(), Name: "x"}, nil, fault.ProductNotFound, nil},
			{&catalogv1.Product{Id: deleted.GetId(), Name: "x"}, nil, fault.ProductNotFound, nil},
			{&catalogv1.Product{Id: id}, mask("title"), fault.UpdateMaskInvalid, []string{"update_mask"}},
			{&catalogv1.Product{Id: id}, mask("name", ""), fault.UpdateMaskInvalid, []string{"update_mask"}},
			{&catalogv1.Product{Id: id}, mask("attributes.old"), fault.UpdateMaskInvalid, []string{"update_mask"}},
			{&catalogv1.Product{Id: id}, mask("price.minor"), fault.UpdateMaskInvalid, []string{"update_mask"}},
			{&catalogv1.Product{Id: id}, mask("search_text"), fault.UpdateMaskInvalid, []string{"update_mask"}},
			{&catalogv1.Product{Id: id}, mask("id.x"), fault.UpdateMaskInvalid, []string{"update_mask"}},
			{&catalogv1.Product{Id: id}, mask("*"), fault.FieldInvalid, []string{"product.sku", "product.name", "product.brand", "product.price"}},
			{&catalogv1.Product{Id: id}, mask("name", "price"), fault.FieldInvalid, []string{"product.name", "product.price"}},
			{&catalogv1.Product{Id: id}, mask("price.amount"), fault.MoneyInvalid, []string{"product.price.amount"}},
			{&catalogv1.Product{Id: id, Price: &catalogv1.Money{CurrencyCode: "JPY"}}, nil, fault.MoneyInvalid, []string{"product.price.amount"}},
			{&catalogv1.Product{Id: id, Price: &catalogv1.Money{CurrencyCode: "jpy"}}, nil, fault.CurrencyInvalid, []string{"product.price.currency_code"}},
			{&catalogv1.Product{Id: id, Sku: "OTHER"}, nil, fault.SKUTaken, nil},
		} {
			_, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: tc.given, UpdateMask: tc.mask})
			f := requireFault(t, err, tc.reason)
			require.ElementsMatch(t, tc.fields, violated(f), i)
			if tc.reason == fault.SKUTaken {
				require.Equal(t, other.GetId(), f.Metadata["product_id"])
			}
		}
		require.True(t, proto.Equal(before, get(ctx, t, s, id)))
	})
}

func TestStaleETagSaysWhoChangedWhat(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := create(ctx, t, s, full("S"))
		for i, name := range []string{"Bob", "Eve"} {
			_, err := s.UpdateProduct(asAdmin(ctx, name), &catalogv1.UpdateProductRequest{
				Product: &catalogv1.Product{Id: p.GetId(), Name: fmt.Sprintf("New %d", i), Brand: "New"},
			})
			require.NoError(t, err)
		}
		stale := proto.CloneOf(p)
		stale.Name = "Mine"
		_, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: stale})
		f := requireFault(t, err, fault.ETagMismatch)
		require.Equal(t, fault.Aborted, f.Kind)
		require.Regexp(t, `Eve changed name at 20.*Z; Bob changed name, brand at 20.*Z\.`, f.Message)
		require.Equal(t, "3", f.Metadata["etag"])
		require.Equal(t, "Eve", f.Metadata["actor_name"])
		require.Equal(t, "name,brand", f.Metadata["fields"])
		require.NotEmpty(t, f.Metadata["actor_id"])

		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: p.GetEtag()})
		require.Equal(t, "3", requireFault(t, err, fault.ETagMismatch).Metadata["etag"])
		for _, made := range []string{"x", "0", "-1", "4", "99999999999999999999", "03"} {
			_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: made})
			require.Equal(t, "3", requireFault(t, err, fault.ETagMismatch).Metadata["etag"])
		}
		for _, spelled := range []string{"01", "+1"} { // other spellings of an earlier etag
			_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: spelled})
			require.NotContains(t, requireFault(t, err, fault.ETagMismatch).Metadata, "actor_name", spelled)
		}
		stale.Etag = "3"
		resp, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: stale})
		require.NoError(t, err)
		require.Equal(t, "4", resp.GetProduct().GetEtag())
	})
}

// The error describes the latest changes, and names the fields of all changes.
func TestETagMismatchNamesAllFieldsThatChanged(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := create(ctx, t, s, full("S"))
		change := func(to *catalogv1.Product) {
			to.Id = p.GetId()
			_, err := s.UpdateProduct(asAdmin(ctx, "Bob"), &catalogv1.UpdateProductRequest{Product: to})
			require.NoError(t, err)
		}
		change(&catalogv1.Product{Description: "the oldest change"})
		for i := range 10 {
			change(&catalogv1.Product{Name: fmt.Sprintf("New %d", i)})
		}
		change(&catalogv1.Product{Brand: "New"})
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: p.GetEtag()})
		f := requireFault(t, err, fault.ETagMismatch)
		require.Equal(t, "brand,name,description", f.Metadata["fields"])
		require.NotContains(t, f.Message, "description")
	})
}

func TestANewProductHasOneTime(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := create(ctx, t, s, full("S"))
		require.Equal(t, p.GetCreateTime().AsTime(), p.GetUpdateTime().AsTime())
	})
}

func TestOneOfTwoUpdatesWithTheSameETagWins(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("S"))
		for round := range 10 {
			var wg sync.WaitGroup
			var errs [4]error
			for i := range errs {
				wg.Go(func() {
					_, errs[i] = s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{
						Product: &catalogv1.Product{Id: p.GetId(), Etag: fmt.Sprint(round + 1), Name: fmt.Sprint(round, i)},
					})
				})
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else {
					requireFault(t, err, fault.ETagMismatch)
				}
			}
			require.Equal(t, 1, won)
		}
		require.Equal(t, 11, d.Reader().ProductChange.Query().CountX(ctx))
	})
}

func TestBatchUpdate(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		a, b, c := create(ctx, t, s, full("A")), create(ctx, t, s, full("B")), create(ctx, t, s, full("C"))
		change := func(p *catalogv1.Product, name string) *catalogv1.UpdateProductRequest {
			return &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: p.GetId(), Name: name}, UpdateMask: mask("name")}
		}
		batch := func(requests ...*catalogv1.UpdateProductRequest) (*catalogv1.BatchUpdateProductsResponse, error) {
			return s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{Requests: requests})
		}
		resp, err := batch(change(c, "c"), change(a, "Old"), change(b, "b"))
		require.NoError(t, err)
		require.Equal(t, []string{"C", "A", "B"}, skus(resp.GetProducts()))
		require.Equal(t, []string{"2", "1", "2"}, []string{
			resp.GetProducts()[0].GetEtag(), resp.GetProducts()[1].GetEtag(), resp.GetProducts()[2].GetEtag(),
		})

		_, err = batch(change(a, "x"), change(b, "x"), change(a, "y"))
		require.Equal(t, []string{"requests[2].product.id"}, violated(requireFault(t, err, fault.FieldInvalid)))

		_, err = batch(change(a, "x"), change(b, ""), &catalogv1.UpdateProductRequest{Product: c, UpdateMask: mask("x")})
		require.Equal(t, []string{"requests[1].product.name", "requests[2].update_mask"}, violated(requireFault(t, err, fault.FieldInvalid)))

		gone := proto.CloneOf(b)
		gone.Id = uuid.NewString()
		_, err = batch(change(a, "x"), change(gone, "x"))
		require.Contains(t, requireFault(t, err, fault.ProductNotFound).Message, "requests[1]")

		stale := change(b, "x")
		stale.Product.Etag = "1"
		_, err = batch(change(a, "x"), stale)
		f := requireFault(t, err, fault.ETagMismatch)
		require.Contains(t, f.Message, "requests[1]")
		require.Equal(t, "2", f.Metadata["etag"])

		half := func(p *catalogv1.Product) *catalogv1.UpdateProductRequest {
			return &catalogv1.UpdateProductRequest{
				Product:    &catalogv1.Product{Id: p.GetId(), Price: &catalogv1.Money{Amount: "1.234"}},
				UpdateMask: mask("price.amount"),
			}
		}
		_, err = batch(change(a, "x"), half(c), half(b))
		require.ElementsMatch(t, []string{"requests[1].product.price.amount", "requests[2].product.price.amount"},
			violated(requireFault(t, err, fault.MoneyInvalid)))

		own, taken := change(a, "x"), change(b, "x")
		own.Product.Sku, own.UpdateMask = "A", mask("sku", "name")
		taken.Product.Sku, taken.UpdateMask = "C", mask("sku")
		_, err = batch(own, taken)
		f = requireFault(t, err, fault.SKUTaken)
		require.Contains(t, f.Message, "requests[1]")
		require.Equal(t, c.GetId(), f.Metadata["product_id"])

		require.Equal(t, "Old", get(ctx, t, s, a.GetId()).GetName(), "all or none")
	})
}

func TestBatchUpdatesThatCrossDoNotBlockEachOther(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		var products []*catalogv1.Product
		for i := range 8 {
			products = append(products, create(ctx, t, s, full(fmt.Sprint(i))))
		}
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for worker := range errs {
			wg.Go(func() {
				for round := range 5 {
					req := &catalogv1.BatchUpdateProductsRequest{}
					for i := range products {
						p := products[(i*(2*worker+1)+round)%len(products)]
						req.Requests = append(req.Requests, &catalogv1.UpdateProductRequest{
							Product: &catalogv1.Product{Id: p.GetId(), Name: fmt.Sprint(worker, round)},
						})
					}
					if _, err := s.BatchUpdateProducts(ctx, req); err != nil {
						errs[worker] = err
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, "31", get(ctx, t, s, products[0].GetId()).GetEtag())
	})
}

func skus(products []*catalogv1.Product) []string {
	names := make([]string, len(products))
	for i, p := range products {
		names[i] = p.GetSku()
	}
	return names
}
