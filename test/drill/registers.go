package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// groupSize is how many registers a group has.
	groupSize = 2
	// groupCallers is how many callers compete for them.
	groupCallers = 2
)

// group is some products that several callers read and change with etags, each product as a register with
// compare-and-set. The callers of a group all use one replica, whose responses must be linearizable, or all use nginx. Then
// only writes are: another replica may return a product that is up to two seconds old.
type group struct {
	*load
	*recording

	replica  int // nginx for all
	brand    string
	skus     []string
	ids      map[string]string // by SKU
	products map[string]string // SKUs by id
	anyone   api
	admin    api
}

// newGroup creates the products of a group, before the load.
func (l *load) newGroup(ctx context.Context, replica int) (*group, error) {
	token := l.tokens[l.d.writers[0]]
	name := fmt.Sprintf("%s-replica-%d", l.o.scenario.name, replica+1)
	if replica == nginx {
		name = l.o.scenario.name + "-nginx"
	}
	g := &group{
		load: l, recording: newRecording(name), replica: replica, brand: name,
		ids: map[string]string{}, products: map[string]string{},
		anyone: l.anyone.json, admin: l.d.ways(token, l.o.scenario.keepConns).json,
	}
	if replica != nginx {
		g.anyone, g.admin = l.d.direct(replica, ""), l.d.direct(replica, token)
	}
	for i := range groupSize {
		sku := fmt.Sprintf("%s-%d", name, i)
		begin := time.Now()
		id, err := l.create(ctx, l.d.ways(token, true).json, sku, g.brand)
		if err != nil {
			return nil, err
		}
		g.swapped(0, begin, time.Now(), swap{register: sku, new: sku}, done)
		g.skus = append(g.skus, sku)
		g.ids[sku], g.products[id] = id, sku
	}
	return g, nil
}

// callers returns the callers of a group.
func (g *group) callers() []func(ctx context.Context, n int) {
	var all []func(ctx context.Context, n int)
	for i := range groupCallers {
		c := &contender{group: g, number: i, seen: map[string]*catalogv1.Product{}}
		all = append(all, c.next)
	}
	return all
}

// contender is a caller who wants to change what others change too.
type contender struct {
	*group

	number int
	seen   map[string]*catalogv1.Product // the product as this caller saw it last, by SKU
}

// next reads a product and the list, which fills the cache, or changes the product on the basis of what it saw last, which
// may be outdated. Then it reads again at once: nothing that was cached before may be in the responses.
func (c *contender) next(ctx context.Context, n int) {
	sku := c.skus[n/2%len(c.skus)]
	if n%2 == 1 && c.seen[sku] != nil {
		c.swap(ctx, sku, n)
	}
	c.get(ctx, sku)
	if c.replica != nginx {
		c.list(ctx)
	}
}

// get reads one product. A read without a response says nothing.
func (c *contender) get(ctx context.Context, sku string) {
	var product *catalogv1.Product
	begin := time.Now()
	err := c.o.call(ctx, "GetProduct", c.anyone.via, c.replica, func(ctx context.Context) error {
		res, err := c.anyone.products.GetProduct(ctx, byID(c.ids[sku]))
		product = res.GetProduct()
		return err
	})
	end := time.Now()
	c.o.read(err, false, c.ids[sku])
	if err != nil {
		return
	}
	c.saw(product)
	if c.replica != nginx {
		c.got(c.number, begin, end, sku, product.GetName())
	}
}

// list reads all products of the group.
func (c *contender) list(ctx context.Context) {
	all := map[string]string{}
	ids := make([]string, 0, groupSize)
	for id := range c.products {
		ids = append(ids, id)
	}
	begin := time.Now()
	err := c.o.call(ctx, "ListProducts", c.anyone.via, c.replica, func(ctx context.Context) error {
		res, err := c.anyone.products.ListProducts(ctx,
			&catalogv1.ListProductsRequest{Filter: fmt.Sprintf("brand = %q", c.brand)})
		for _, p := range res.GetProducts() {
			all[p.GetSku()] = p.GetName()
		}
		return err
	})
	end := time.Now()
	c.o.read(err, true, ids...)
	if err == nil {
		c.listed(c.number, begin, end, all)
	}
}

// swap renames a product if it is still the one that this caller saw.
func (c *contender) swap(ctx context.Context, sku string, n int) {
	seen := c.seen[sku]
	s := swap{register: sku, old: seen.GetName(), new: fmt.Sprintf("caller %d number %d", c.number, n)}
	how := done
	var product *catalogv1.Product
	begin := time.Now()
	err := c.o.call(ctx, "UpdateProduct", c.admin.via, c.replica, func(ctx context.Context) error {
		res, err := c.admin.products.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{
			Product: &catalogv1.Product{Id: seen.GetId(), Name: s.new, Etag: seen.GetEtag()},
		})
		product = res.GetProduct()
		if reasonOf(err) == string(fault.ETagMismatch) {
			how = refused
			return nil
		}
		if err == nil && product.GetName() != s.new {
			return errors.New("the response has another name than the request")
		}
		return err
	})
	end := time.Now()
	if err != nil {
		how = unknown
	}
	c.swapped(c.number, begin, end, s, how)
	if how != refused {
		c.o.attempted("rename "+seen.GetId()+" "+s.new, err)
	}
	if how == done {
		c.saw(product)
	} else {
		delete(c.seen, sku)
	}
}

func (c *contender) saw(p *catalogv1.Product) {
	c.seen[p.GetSku()] = p
	c.tagged(p.GetSku(), p.GetEtag(), p.GetName())
}
