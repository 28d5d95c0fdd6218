package product

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/wire"
)

// The shares of a cache's memory, in eighths: products, lists, and SKUs.
const productsShare, listsShare, skusShare = 4, 3, 1

// The overhead of an entry, in bytes.
const entryBytes = 300

// cache is an in-memory read cache of products and lists. It is used only while this process is known to receive every
// change (db.Informed). Its messages and their encodings are shared and immutable.
//
// A change increments the version, then invalidates the product. A loaded value is stored only if the version is
// unchanged since before its query, so nothing read before a change is cached after it. Lists have the version in
// their key. Concurrent misses of the same key and version share one query. A caller always reads its own writes,
// because they have incremented the version.
type cache struct {
	db       *db.DB
	products *otter.Cache[productKey, *kept]
	skus     *otter.Cache[string, uuid.UUID]
	lists    *otter.Cache[listKey, keptList]
	flights  flights

	anonymous lanes // of lists that are not cached

	version atomic.Uint64 // number of changes of all products
	epoch   atomic.Uint64 // number of complete invalidations

	hits, misses, bypassed, forgotten atomic.Int64
}

// kept is a cached product, as the response of GetProduct.
type kept = wire.Answer[*catalogv1.GetProductResponse]

func newKept(p *catalogv1.Product) *kept {
	return wire.NewAnswer(&catalogv1.GetProductResponse{Product: p})
}

// keptList is a cached list response of any type: a *wire.Answer.
type keptList struct {
	answer any
	weight uint32
}

// productKey includes the epoch, because a product that is loaded during a complete invalidation could survive it.
type productKey struct {
	epoch uint64
	id    uuid.UUID
}

// listKey identifies a list request at a version.
type listKey struct {
	version uint64
	request string
}

// CacheStats counts the reads of products and lists since the start of the process.
type CacheStats struct {
	// Hits were served from memory and Misses from the database. Bypassed were served from the database because the
	// cache is disabled or possibly stale.
	Hits, Misses, Bypassed int64
	// Forgotten counts the changes that invalidated entries.
	Forgotten int64
	// Entries and Bytes are the approximate current size.
	Entries, Bytes int64
}

// newCache returns a cache. maxBytes approximately bounds its memory; 0 disables it.
func newCache(d *db.DB, maxBytes int) (*cache, error) {
	c := &cache{db: d}
	if maxBytes == 0 {
		return c, nil
	}
	eighth := uint64(maxBytes) / (productsShare + listsShare + skusShare) //nolint:gosec // Validate looks
	var err error
	if c.products, err = otter.New(&otter.Options[productKey, *kept]{
		MaximumWeight: productsShare * eighth,
		Weigher:       func(_ productKey, k *kept) uint32 { return weight(k.Message()) },
	}); err != nil {
		return nil, fmt.Errorf("cache of products: %w", err)
	}
	if c.lists, err = otter.New(&otter.Options[listKey, keptList]{
		MaximumWeight: listsShare * eighth,
		Weigher:       func(k listKey, l keptList) uint32 { return l.weight + textWeight(k.request) },
	}); err != nil {
		return nil, fmt.Errorf("cache of lists: %w", err)
	}
	if c.skus, err = otter.New(&otter.Options[string, uuid.UUID]{
		MaximumWeight: skusShare * eighth,
		Weigher:       func(sku string, _ uuid.UUID) uint32 { return entryBytes + textWeight(sku) },
	}); err != nil {
		return nil, fmt.Errorf("cache of SKUs: %w", err)
	}
	d.OnProductsChanged(c.forget)
	return c, nil
}

// weight estimates the memory of a response: the message takes twice its binary size, and its JSON as much again.
func weight(m proto.Message) uint32 {
	return uint32(entryBytes + 4*proto.Size(m)) //nolint:gosec // a message is far smaller
}

// textWeight is the memory of a text of a request. The contract bounds its length.
func textWeight(s string) uint32 { return uint32(len(s)) } //nolint:gosec // see above

// usable reports whether the cache is enabled and known to be current.
func (c *cache) usable() bool {
	if c.products != nil && c.db.Informed() {
		return true
	}
	c.bypassed.Add(1)
	return false
}

// forget invalidates products and all lists; without ids, everything.
func (c *cache) forget(ids []uuid.UUID) {
	c.forgotten.Add(1)
	if len(ids) == 0 {
		c.epoch.Add(1)
	}
	c.version.Add(1)
	c.lists.InvalidateAll() // their version is outdated; this frees their memory
	if len(ids) == 0 {
		c.products.InvalidateAll()
		return
	}
	epoch := c.epoch.Load()
	for _, id := range ids {
		c.products.Invalidate(productKey{epoch, id})
	}
}

// forgetClaimed invalidates the existing products of claims.
func (c *cache) forgetClaimed(claims []claim) {
	var ids []uuid.UUID
	for _, claimed := range claims {
		if claimed.id != uuid.Nil {
			ids = append(ids, claimed.id)
		}
	}
	c.forgetSome(ids)
}

// forgetSome invalidates products, if there are any.
func (c *cache) forgetSome(ids []uuid.UUID) {
	if c.products != nil && len(ids) > 0 {
		c.forget(ids)
	}
}

// moment identifies the time at which a load began.
type moment struct{ version, epoch uint64 }

func (c *cache) now() moment { return moment{version: c.version.Load(), epoch: c.epoch.Load()} }

// keep caches a product that was loaded since a moment, unless something has changed since.
func (c *cache) keep(since moment, k *kept) {
	p := k.Message().GetProduct()
	id, err := uuid.Parse(p.GetId())
	if err != nil { // cannot happen: the database generated it
		return
	}
	// An invalidation increments the version first and then waits for this call.
	c.products.Compute(productKey{since.epoch, id}, func(*kept, bool) (*kept, otter.ComputeOp) {
		if c.version.Load() != since.version {
			return nil, otter.CancelOp
		}
		return k, otter.WriteOp
	})
	if p.GetDeleteTime() == nil {
		c.skus.Set(p.GetSku(), id)
	}
}

// find returns a cached product.
func (c *cache) find(id uuid.UUID) (*kept, bool) {
	return c.products.GetIfPresent(productKey{c.epoch.Load(), id})
}

// findLive returns the live product with a SKU, if it is cached. The cached id of the SKU is only a hint.
func (c *cache) findLive(sku string) (*kept, bool) {
	id, ok := c.skus.GetIfPresent(sku)
	if !ok {
		return nil, false
	}
	k, ok := c.find(id)
	if !ok {
		return nil, false
	}
	p := k.Message().GetProduct()
	return k, p.GetSku() == sku && p.GetDeleteTime() == nil
}

// loadProduct returns nil if the product does not exist.
type loadProduct func(ctx context.Context) (*kept, error)

// byID returns the product with an id, live or deleted, from the cache or else from load; nil if there is none.
func (c *cache) byID(ctx context.Context, id uuid.UUID, load loadProduct) (*kept, error) {
	if !c.usable() {
		return load(ctx)
	}
	if k, ok := c.find(id); ok {
		c.hits.Add(1)
		return k, nil
	}
	return c.loadProduct(ctx, "id "+id.String(), func() (*kept, bool) { return c.find(id) }, load)
}

// bySKU returns the live product with a SKU, from the cache or else from load; nil if there is none.
func (c *cache) bySKU(ctx context.Context, sku string, load loadProduct) (*kept, error) {
	if !c.usable() {
		return load(ctx)
	}
	if k, ok := c.findLive(sku); ok {
		c.hits.Add(1)
		return k, nil
	}
	return c.loadProduct(ctx, "sku "+sku, func() (*kept, bool) { return c.findLive(sku) }, load)
}

// batch returns the cached live products, and the ids and SKUs of the others.
func (c *cache) batch(ids []uuid.UUID, skus []string) (
	found []*catalogv1.Product, otherIDs []uuid.UUID, otherSKUs []string,
) {
	if !c.usable() {
		return nil, ids, skus
	}
	for _, id := range ids {
		if k, ok := c.find(id); !ok {
			otherIDs = append(otherIDs, id)
		} else if p := k.Message().GetProduct(); p.GetDeleteTime() == nil {
			found = append(found, p)
		}
	}
	for _, sku := range skus {
		if k, ok := c.findLive(sku); ok {
			found = append(found, k.Message().GetProduct())
		} else {
			otherSKUs = append(otherSKUs, sku)
		}
	}
	if len(otherIDs)+len(otherSKUs) == 0 {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
	return found, otherIDs, otherSKUs
}

// keepAll is keep for several products.
func (c *cache) keepAll(since moment, products []*catalogv1.Product) {
	if c.products == nil {
		return
	}
	for _, p := range products {
		c.keep(since, newKept(p))
	}
}

// loadProduct returns a product: cached since the caller looked, or else loaded.
func (c *cache) loadProduct(
	ctx context.Context, what string, find func() (*kept, bool), load loadProduct,
) (*kept, error) {
	since := c.now()
	return share(ctx, c, since, what, func(ctx context.Context) (*kept, error) {
		if k, ok := find(); ok {
			c.hits.Add(1)
			return k, nil
		}
		c.misses.Add(1)
		k, err := load(ctx)
		if err == nil && k != nil {
			c.keep(since, k)
		}
		return k, err
	})
}

// cachedList returns the cached response to a request at the current version, or else the result of load. kind
// distinguishes the types of requests. Returns RATE_LIMITED if an anonymous caller's network loads too many lists at
// the same time.
func cachedList[T proto.Message](
	ctx context.Context, c *cache, kind string, req proto.Message, load func(ctx context.Context) (T, error),
) (T, error) {
	if !c.usable() {
		return inLane(&c.anonymous, load)(ctx)
	}
	request, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil { // invalid UTF-8, which load rejects with a reason
		return inLane(&c.anonymous, load)(ctx)
	}
	what := kind + " " + string(request)
	since := c.now()
	answer, ok := findList[T](c, since, what)
	switch _, isAdmin := auth.PrincipalFrom(ctx); {
	case ok:
	case isAdmin:
		answer, err = loadList(ctx, c, what, load)
	default:
		// The callers of one network share one place in its lane. Nobody else waits there: others share only the load.
		place := "lane " + auth.ClientFrom(ctx).Network() + " " + what
		answer, err = share(ctx, c, since, place, inLane(&c.anonymous,
			func(ctx context.Context) (*wire.Answer[T], error) { return loadList(ctx, c, what, load) }))
	}
	if err != nil {
		var none T
		return none, err
	}
	return answer.Give(ctx), nil
}

// findList returns the cached response of a request at a version.
func findList[T proto.Message](c *cache, at moment, what string) (*wire.Answer[T], bool) {
	found, ok := c.lists.GetIfPresent(listKey{at.version, what})
	if !ok {
		return nil, false
	}
	c.hits.Add(1)
	return found.answer.(*wire.Answer[T]), true //nolint:errcheck,forcetypeassert // what determines it
}

// loadList returns the response of a request: cached since the caller looked, or else loaded.
func loadList[T proto.Message](
	ctx context.Context, c *cache, what string, load func(ctx context.Context) (T, error),
) (*wire.Answer[T], error) {
	since := c.now()
	return share(ctx, c, since, what, func(ctx context.Context) (*wire.Answer[T], error) {
		if found, ok := findList[T](c, since, what); ok {
			return found, nil
		}
		c.misses.Add(1)
		list, err := load(ctx)
		if err != nil {
			return nil, err
		}
		answer := wire.NewAnswer(list)
		c.lists.Set(listKey{since.version, what}, keptList{answer, weight(list)})
		return answer, nil
	})
}

// share is a single flight: concurrent callers with the same version and what share one load.
func share[T any](
	ctx context.Context, c *cache, since moment, what string, load func(ctx context.Context) (T, error),
) (T, error) {
	return fly(ctx, &c.flights, strconv.FormatUint(since.version, 36)+" "+what, load)
}

func (c *cache) stats() CacheStats {
	s := CacheStats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Bypassed: c.bypassed.Load(), Forgotten: c.forgotten.Load(),
	}
	if c.products != nil {
		s.Entries = int64(c.products.EstimatedSize() + c.lists.EstimatedSize())
		weighed := c.products.WeightedSize() + c.lists.WeightedSize() + c.skus.WeightedSize()
		s.Bytes = int64(weighed) //nolint:gosec // it is less than the memory there is
	}
	return s
}
