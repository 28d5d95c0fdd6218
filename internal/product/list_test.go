package product_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// listAll returns the SKUs of all pages.
func listAll(ctx context.Context, t *testing.T, s *product.Service, req *catalogv1.ListProductsRequest) []string {
	t.Helper()
	all := []string{}
	for pages := 0; ; pages++ {
		require.Less(t, pages, 1000)
		page, err := s.ListProducts(ctx, req)
		require.NoError(t, err)
		all = append(all, skus(page.GetProducts())...)
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
		require.Len(t, page.GetProducts(), int(req.GetPageSize()))
	}
}

func TestOrdersAreTheSameOnBothDatabases(t *testing.T) {
	names := []string{
		"zebra", "Äpfel", "apfel", "APFEL", "Épée", "epee", "été", "ﬁsh", "fish", "🎉", "🍎", "_", "-", "a b", "ab", "a-b",
		"ÿ", "Z", "ß", "ss", "Ⅷ", "viii", "10", "9", "٣", "中文", "한국", "Ω", "ω", "İ", "ı", "i", "\u0301", "'", `"`, "%", "\\",
	}
	orders := map[string][][]string{}
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for i, name := range names {
			p := sample(fmt.Sprintf("%s-%02d", names[len(names)-1-i], i), name)
			p.Brand = names[i/3]
			p.Price = &catalogv1.Money{Amount: fmt.Sprint(i % 5), CurrencyCode: []string{"MXN", "JPY", "KWD"}[i%3]}
			create(ctx, t, s, p)
		}
		for _, orderBy := range []string{
			"", "create_time", "createTime desc", "update_time asc", "update_time desc,name", "name", "name desc", "sku",
			"brand, name", "brand desc, name desc, sku desc", "brand, name desc", "brand desc,price,sku", "price", "price desc",
			"  price   desc ,  name ", "name,sku,brand,price,create_time,update_time", "price desc, brand asc, update_time desc, name",
		} {
			whole := listAll(ctx, t, s, &catalogv1.ListProductsRequest{OrderBy: orderBy, PageSize: 1000})
			require.Len(t, whole, len(names), orderBy)
			for _, size := range []int32{1, 7, int32(len(names))} {
				require.Equal(t, whole, listAll(ctx, t, s, &catalogv1.ListProductsRequest{OrderBy: orderBy, PageSize: size}), orderBy)
			}
			orders[orderBy] = append(orders[orderBy], whole)
		}
	})
	for orderBy, both := range orders {
		require.Equal(t, both[0], both[1], orderBy)
	}
}

func TestOrderByIgnoresCaseAndAccentsAndPutsAmountsInOrder(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for i, name := range []string{"b", "Á", "C", "a2"} {
			p := sample(name, name)
			p.Price = &catalogv1.Money{Amount: []string{"9", "100", "20", "3"}[i], CurrencyCode: []string{"MXN", "MXN", "MXN", "USD"}[i]}
			create(ctx, t, s, p)
		}
		require.Equal(t, []string{"Á", "a2", "b", "C"}, listAll(ctx, t, s, &catalogv1.ListProductsRequest{OrderBy: "name"}))
		require.Equal(t, []string{"b", "C", "Á", "a2"}, listAll(ctx, t, s, &catalogv1.ListProductsRequest{OrderBy: "price"}))
		require.Equal(t, []string{"a2", "Á", "C", "b"}, listAll(ctx, t, s, &catalogv1.ListProductsRequest{OrderBy: "price desc"}))
		require.Equal(t, []string{"a2", "C", "Á", "b"}, listAll(ctx, t, s, &catalogv1.ListProductsRequest{}), "newest first")
	})
}

func TestPagingVisitsEveryProductOnceWhileOthersAreAdded(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		const before = 60
		for i := range before {
			create(ctx, t, s, sample(fmt.Sprintf("OLD%02d", i), fmt.Sprint(i%7)))
		}
		for _, orderBy := range []string{"", "name", "name desc, sku", "price, create_time desc"} {
			var wg sync.WaitGroup
			stop, started := make(chan struct{}), make(chan struct{})
			wg.Go(func() {
				for i := 0; ; i++ {
					p := sample(fmt.Sprintf("NEW-%s-%d", orderBy, i), fmt.Sprint(i%7))
					if _, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: p}); err != nil {
						panic(err)
					}
					if i == 0 {
						close(started)
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
			<-started
			seen := listAll(ctx, t, s, &catalogv1.ListProductsRequest{OrderBy: orderBy, PageSize: 9, Filter: `sku = "OLD*" OR name = "6"`})
			close(stop)
			wg.Wait()
			old := slices.DeleteFunc(slices.Clone(seen), func(sku string) bool { return !strings.HasPrefix(sku, "OLD") })
			slices.Sort(old)
			require.Len(t, old, before, orderBy)
			require.Len(t, slices.Compact(old), before, orderBy)
		}
	})
}

func TestOrderByIsRefused(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for _, orderBy := range []string{
			"id", "title", ",", "name,", "name desc asc", "name up", "name DESC", "name, name desc", "name;drop table products",
			"price.amount", "search_text", "1", "name\x00", " ", "name -- x",
		} {
			_, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{OrderBy: orderBy})
			require.Equal(t, []string{"order_by"}, violated(requireFault(t, err, fault.OrderByInvalid)), orderBy)
		}
	})
}

func TestPageTokensBelongToTheirList(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for i := range 5 {
			create(ctx, t, s, sample(fmt.Sprint(i), "thing"))
		}
		first := &catalogv1.ListProductsRequest{PageSize: 2, OrderBy: "name", Filter: `brand = "Acme"`, Query: "thing"}
		page, err := s.ListProducts(ctx, first)
		require.NoError(t, err)
		token := page.GetNextPageToken()
		require.NotEmpty(t, token)
		next := func(change func(r *catalogv1.ListProductsRequest)) error {
			r := &catalogv1.ListProductsRequest{PageSize: 2, OrderBy: "name", Filter: `brand = "Acme"`, Query: "thing", PageToken: token}
			change(r)
			_, err := s.ListProducts(ctx, r)
			return err
		}
		require.NoError(t, next(func(r *catalogv1.ListProductsRequest) { r.PageSize = 1 }))
		flipped := []byte(token)
		flipped[len(flipped)/2] ^= 1
		for _, change := range []func(r *catalogv1.ListProductsRequest){
			func(r *catalogv1.ListProductsRequest) { r.OrderBy = "name desc" },
			func(r *catalogv1.ListProductsRequest) { r.Filter = "" },
			func(r *catalogv1.ListProductsRequest) { r.Query = "" },
			func(r *catalogv1.ListProductsRequest) { r.ShowDeleted = true },
			func(r *catalogv1.ListProductsRequest) { r.PageToken = token[:8] },
			func(r *catalogv1.ListProductsRequest) { r.PageToken = "1" },
			func(r *catalogv1.ListProductsRequest) { r.PageToken = token + "AAAA" },
			func(r *catalogv1.ListProductsRequest) { r.PageToken = string(flipped) },
			func(r *catalogv1.ListProductsRequest) {
				r.PageToken = base64.RawURLEncoding.EncodeToString([]byte("[]"))
			},
		} {
			require.Equal(t, []string{"page_token"}, violated(requireFault(t, next(change), fault.PageTokenInvalid)))
		}
	})
}

func TestDeletedProductsAreListedForAdministratorsAlone(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		create(ctx, t, s, sample("LIVE", "x"))
		p := create(ctx, t, s, sample("GONE", "x"))
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, []string{"LIVE"}, listAll(ctx, t, s, &catalogv1.ListProductsRequest{}))
		require.Equal(t, []string{"LIVE"}, listAll(anonymous(ctx), t, s, &catalogv1.ListProductsRequest{Filter: `sku = "GONE" OR sku = "LIVE"`}))
		require.Equal(t, []string{"LIVE"}, listAll(anonymous(ctx), t, s, &catalogv1.ListProductsRequest{Query: "x"}))
		require.Equal(t, []string{"GONE", "LIVE"}, listAll(ctx, t, s, &catalogv1.ListProductsRequest{ShowDeleted: true}))
		_, err = s.ListProducts(anonymous(ctx), &catalogv1.ListProductsRequest{ShowDeleted: true})
		require.Equal(t, fault.PermissionDenied, requireFault(t, err, fault.AdminRequired).Kind)
	})
}

// A read is one statement, however many products it returns, and none if the response is cached.
func TestReadsCostOneStatement(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			d := newTraced(t, dialect)
			d.HookProducts(history.NewHook())
			ctx, warm := asAdmin(t.Context(), "Ana"), newService(t, d.DB)
			cost := func(read func(context.Context, *product.Service) error, s *product.Service) int {
				return len(d.statements(ctx, func(ctx context.Context) { require.NoError(t, read(ctx, s)) }))
			}
			cold, err := product.NewService(d.DB, 0)
			require.NoError(t, err)
			var ids []string
			for i := range 30 {
				ids = append(ids, create(ctx, t, cold, full(fmt.Sprint(i))).GetId())
			}
			for _, size := range []int32{1, 30} {
				for name, read := range publicReads(ids[:size]) {
					require.Equal(t, 1, cost(read, cold), name)
					require.Eventually(t, func() bool { return cost(read, warm) == 0 }, wait.Patience, time.Millisecond, name)
				}
				require.Equal(t, 1, cost(func(ctx context.Context, s *product.Service) error {
					_, err := s.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{PageSize: size})
					return err
				}, warm))
			}
		})
	}
}

// publicReads are all public ways to read, each for some products.
func publicReads(ids []string) map[string]func(context.Context, *product.Service) error {
	size := int32(len(ids))
	return map[string]func(context.Context, *product.Service) error{
		"get": func(ctx context.Context, s *product.Service) error {
			_, err := s.GetProduct(ctx, byID(ids[0]))
			return err
		},
		"get by SKU": func(ctx context.Context, s *product.Service) error {
			_, err := s.GetProduct(ctx, bySKU("1"))
			return err
		},
		"batch": func(ctx context.Context, s *product.Service) error {
			_, err := s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Ids: ids, Skus: []string{"1"}})
			return err
		},
		"list": func(ctx context.Context, s *product.Service) error {
			_, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: size, Query: "old", Filter: `tags:"old"`})
			return err
		},
		"brands": func(ctx context.Context, s *product.Service) error {
			_, err := s.ListBrands(ctx, &catalogv1.ListBrandsRequest{PageSize: size})
			return err
		},
	}
}
