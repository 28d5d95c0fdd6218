package product_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	entproduct "github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// ways returns the ways to read a product.
func ways(s *product.Service, p *catalogv1.Product) map[string]func(ctx context.Context) (*catalogv1.Product, error) {
	first := func(products []*catalogv1.Product, err error) (*catalogv1.Product, error) {
		if err != nil || len(products) == 0 {
			return nil, err
		}
		return products[0], nil
	}
	return map[string]func(ctx context.Context) (*catalogv1.Product, error){
		"by id": func(ctx context.Context) (*catalogv1.Product, error) {
			res, err := s.GetProduct(ctx, &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Id{Id: p.GetId()}})
			return res.GetProduct(), err
		},
		"by SKU": func(ctx context.Context) (*catalogv1.Product, error) {
			res, err := s.GetProduct(ctx, &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: p.GetSku()}})
			return res.GetProduct(), err
		},
		"batch": func(ctx context.Context) (*catalogv1.Product, error) {
			res, err := s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Ids: []string{p.GetId()}})
			return first(res.GetProducts(), err)
		},
		"batch of SKUs": func(ctx context.Context) (*catalogv1.Product, error) {
			res, err := s.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Skus: []string{p.GetSku()}})
			return first(res.GetProducts(), err)
		},
		"list": func(ctx context.Context) (*catalogv1.Product, error) {
			res, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{})
			return first(res.GetProducts(), err)
		},
	}
}

func version(t *testing.T, p *catalogv1.Product) int64 {
	t.Helper()
	n, err := strconv.ParseInt(p.GetEtag(), 10, 64)
	require.NoError(t, err)
	return n
}

func createOne(ctx context.Context, t *testing.T, s *product.Service, sku string) *catalogv1.Product {
	t.Helper()
	res, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
		Sku: sku, Name: "Cached", Brand: "Luuna", Price: &catalogv1.Money{Amount: "1.00", CurrencyCode: "MXN"},
	}})
	require.NoError(t, err)
	return res.GetProduct()
}

func rename(ctx context.Context, s *product.Service, p *catalogv1.Product, name string) (*catalogv1.Product, error) {
	res, err := s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: p.GetId(), Name: name}})
	return res.GetProduct(), err
}

// awaitHits reads until the response comes from the cache.
func awaitHits(ctx context.Context, t *testing.T, s *product.Service, p *catalogv1.Product) {
	t.Helper()
	for name, read := range ways(s, p) {
		require.Eventually(t, func() bool {
			before := s.CacheStats().Hits
			_, err := read(ctx)
			return err == nil && s.CacheStats().Hits > before
		}, wait.Patience, time.Millisecond, name)
	}
}

// During concurrent reads, an administrator reads each of their changes immediately, in every way, and no reader gets
// an older product than one confirmed before.
func TestReadsAreNeverOlderThanAConfirmedChange(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		const changes, readers = 40, 4
		p := createOne(ctx, t, s, "CACHED")
		awaitHits(ctx, t, s, p)
		var confirmed atomic.Int64
		confirmed.Store(version(t, p))
		stop := make(chan struct{})
		var group sync.WaitGroup
		for range readers {
			group.Go(func() {
				for {
					for name, read := range ways(s, p) {
						least := confirmed.Load()
						got, err := read(anonymous(ctx))
						if err != nil || version(t, got) < least {
							t.Errorf("%s: %v, %v; want at least %d", name, got, err, least)
							return
						}
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		for i := range changes {
			changed, err := rename(ctx, s, p, "Name "+strconv.Itoa(i))
			require.NoError(t, err)
			confirmed.Store(version(t, changed))
			for name, read := range ways(s, p) {
				got, err := read(ctx)
				require.NoError(t, err, name)
				require.Equal(t, changed.GetName(), got.GetName(), name)
			}
		}
		close(stop)
		group.Wait()
		require.Positive(t, s.CacheStats().Hits)
	})
}

func TestDeletedProductsAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		old := createOne(ctx, t, s, "SKU")
		awaitHits(ctx, t, s, old)
		_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: old.GetId()})
		require.NoError(t, err)
		for name, read := range ways(s, old) {
			got, err := read(anonymous(ctx))
			require.True(t, err != nil || got == nil, name)
		}
		seen, err := ways(s, old)["by id"](ctx)
		require.NoError(t, err, "administrators see it")
		require.NotNil(t, seen.GetDeleteTime())
		_, err = ways(s, old)["by id"](anonymous(ctx))
		require.Error(t, err, "others do not, though it is kept")

		next := createOne(ctx, t, s, "SKU")
		for _, name := range []string{"by SKU", "batch of SKUs", "list"} {
			got, err := ways(s, next)[name](ctx)
			require.NoError(t, err, name)
			require.Equal(t, next.GetId(), got.GetId(), name)
		}
	})
}

// Concurrent misses of the same product share one query.
func TestMissesShareAQuery(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		const callers = 50
		p := createOne(ctx, t, s, "SHARED")
		awaitHits(ctx, t, s, p)
		for _, name := range []string{"by id", "by SKU", "list"} {
			read := ways(s, p)[name]
			told := s.CacheStats().Forgotten + 1
			if d.Dialect() == dialect.Postgres { // which also notifies its own process
				told++
			}
			_, err := rename(ctx, s, p, name)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return s.CacheStats().Forgotten == told }, wait.Patience, time.Millisecond)
			before := s.CacheStats()
			start := make(chan struct{})
			var group sync.WaitGroup
			for range callers {
				group.Go(func() {
					<-start
					got, err := read(ctx)
					if err != nil || got.GetName() != name {
						t.Errorf("%s: %v, %v", name, got, err)
					}
				})
			}
			close(start)
			group.Wait()
			require.EqualValues(t, 1, s.CacheStats().Misses-before.Misses, name)
		}
	})
}

// Changes by other processes become visible within the bound, whatever makes them.
func TestOtherProcessesChanges(t *testing.T) {
	url := dbtest.URL(t, "postgres")
	other := dbtest.Open(t, url)
	require.NoError(t, other.Migrate(t.Context()))
	ctx := asAdmin(t.Context(), "Ana")
	proxy, through := dbtest.NewProxy(t, url)
	d := dbtest.Open(t, through)
	d.HookProducts(history.NewHook())
	s := newService(t, d)
	p := createOne(ctx, t, s, "ELSEWHERE")
	awaitHits(ctx, t, s, p)

	change := func(name string) time.Time {
		require.NoError(t, other.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.Update().Where(entproduct.Sku(p.GetSku())).SetName(name).Exec(ctx)
		}))
		return time.Now()
	}
	change("told")
	for name, read := range ways(s, p) {
		require.Eventually(t, func() bool {
			got, err := read(ctx)
			return err == nil && got.GetName() == "told"
		}, wait.Patience, time.Millisecond, name)
	}

	awaitHits(ctx, t, s, p)
	proxy.Cut()
	changed := change("not told")
	for read := ways(s, p)["by id"]; ; {
		start := time.Now()
		got, err := read(ctx)
		if err != nil {
			require.True(t, db.IsUnavailable(err), "%v", err)
			break
		}
		require.Equal(t, "told", got.GetName())
		require.LessOrEqual(t, start.Sub(changed), db.StaleBound, "answered from memory")
	}
	proxy.Heal()
	for name, read := range ways(s, p) {
		require.Eventually(t, func() bool {
			got, err := read(ctx)
			return err == nil && got.GetName() == "not told"
		}, wait.Patience, 10*time.Millisecond, name)
	}
	awaitHits(ctx, t, s, p)
}

// A caller whose request is rejected because of another process's change reads that change immediately, even before
// this process is notified of it.
func TestARefusalForgetsTheProduct(t *testing.T) {
	url := dbtest.URL(t, "postgres")
	other := dbtest.Open(t, url)
	require.NoError(t, other.Migrate(t.Context()))
	require.NoError(t, other.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.ExecContext(ctx, `DROP TRIGGER product_updated ON products`) // which would send the notification
		return err
	}))
	ctx := asAdmin(t.Context(), "Ana")
	d := dbtest.Open(t, url)
	d.HookProducts(history.NewHook())
	other.HookProducts(history.NewHook())
	s := newService(t, d)
	elsewhere, err := product.NewService(other, 0)
	require.NoError(t, err)

	update := func(p *catalogv1.Product) *catalogv1.UpdateProductRequest {
		return &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: p.GetId(), Etag: p.GetEtag(), Name: "Mine"}}
	}
	for name, refused := range map[string]func(p *catalogv1.Product) error{
		"update": func(p *catalogv1.Product) error {
			_, err := s.UpdateProduct(ctx, update(p))
			return err
		},
		"batch update": func(p *catalogv1.Product) error {
			_, err := s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{
				Requests: []*catalogv1.UpdateProductRequest{update(p)},
			})
			return err
		},
		"delete": func(p *catalogv1.Product) error {
			_, err := s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: p.GetEtag()})
			return err
		},
		"undelete": func(p *catalogv1.Product) error {
			_, err := s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: p.GetId()})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := createOne(ctx, t, s, name)
			byID := ways(s, p)["by id"]
			require.Eventually(t, func() bool {
				before := s.CacheStats().Hits
				_, err := byID(ctx)
				return err == nil && s.CacheStats().Hits > before
			}, wait.Patience, time.Millisecond)
			changed, err := rename(ctx, elsewhere, p, "Theirs")
			require.NoError(t, err)
			require.Error(t, refused(p))
			got, err := byID(ctx)
			require.NoError(t, err)
			require.Equal(t, changed.GetEtag(), got.GetEtag())
		})
	}
}

// Without a cache every read is a query.
func TestNoCache(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	d.HookProducts(history.NewHook())
	s, err := product.NewService(d, 0)
	require.NoError(t, err)
	ctx := asAdmin(t.Context(), "Ana")
	p := createOne(ctx, t, s, "NONE")
	for name, read := range ways(s, p) {
		got, err := read(ctx)
		require.NoError(t, err, name)
		require.Equal(t, p.GetId(), got.GetId(), name)
	}
	stats := s.CacheStats()
	require.EqualValues(t, len(ways(s, p)), stats.Bypassed)
	require.Zero(t, stats.Hits+stats.Misses+stats.Entries)
}
