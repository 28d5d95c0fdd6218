package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

const (
	// shelfSize is how many products are read.
	shelfSize = 10
	// batchSize is how many of them one BatchGetProducts asks for.
	batchSize = 4
)

// load is the load on the fleet during a scenario.
type load struct {
	d      *drill
	o      *observation
	anyone ways
	brand  string
	shelf  []string // ids of the products that are read
	clock  string   // id of the product that changes all the time
	tokens map[*person]string
	groups []*group
}

// observe runs a scenario under load. What it finds is not checked yet.
func (d *drill) observe(ctx context.Context, s scenario) (*observation, error) {
	d.sayf("%s: %s", s.name, s.title)
	l := &load{d: d, o: newObservation(s), anyone: d.ways("", s.keepConns), brand: "Drill " + s.name, tokens: map[*person]string{}}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	logged := d.nginx.Log.Len()
	l.o.begin = time.Now()
	for _, caller := range l.callers() {
		all.Go(func() {
			for n := 0; pause(ctx, d.pause); n++ {
				caller(ctx, n)
			}
		})
	}
	for i, replica := range d.replicas {
		all.Go(func() { l.o.watch(ctx, i, replica) })
	}
	err := s.run(ctx, d, l.o)
	l.o.end = time.Now()
	cancel()
	all.Wait()
	l.o.repeated = repeatedReads(d.nginx.Log.Since(logged))
	return l.o, err
}

// repeatedReads counts what nginx had sent to a replica that then went away. It sends a GET again.
func repeatedReads(log string) int64 {
	var n int64
	for line := range strings.Lines(log) {
		if strings.Contains(line, "[error]") && strings.Contains(line, `request: "GET `) &&
			!strings.Contains(line, "connect() failed") {
			n++
		}
	}
	return n
}

// prepare signs everybody in and puts products on the shelf.
func (l *load) prepare(ctx context.Context) error {
	for _, p := range l.d.people() {
		token, err := l.d.signIn(ctx, p)
		if err != nil {
			return err
		}
		l.tokens[p] = token
	}
	api := l.d.ways(l.tokens[l.d.auditor], true).json
	latest, err := api.products.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{PageSize: 1})
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	if changes := latest.GetChanges(); len(changes) > 0 {
		l.o.since = changes[0].GetSequence()
	}
	api = l.d.ways(l.tokens[l.d.clock], true).json
	for n := range shelfSize {
		id, err := l.create(ctx, api, fmt.Sprintf("%s-SHELF-%d", l.o.scenario.name, n), l.brand)
		if err != nil {
			return err
		}
		l.shelf = append(l.shelf, id)
	}
	if l.clock, err = l.create(ctx, api, l.o.scenario.name+"-CLOCK", "Clock"); err != nil {
		return err
	}
	for replica := nginx; replica < len(l.d.replicas); replica++ {
		g, err := l.newGroup(ctx, replica)
		if err != nil {
			return err
		}
		l.groups = append(l.groups, g)
		l.o.recordings = append(l.o.recordings, g.recording)
	}
	return nil
}

// callers returns a function for each caller, who calls it again and again with numbers that grow.
func (l *load) callers() []func(ctx context.Context, n int) {
	var all []func(ctx context.Context, n int)
	for _, anyone := range []api{l.anyone.json, l.anyone.get, l.anyone.grpc} {
		all = append(all,
			func(ctx context.Context, n int) { l.get(ctx, anyone, n) },
			func(ctx context.Context, n int) { l.batchGet(ctx, anyone, n) },
			func(ctx context.Context, _ int) { l.list(ctx, anyone) })
	}
	for i := range l.d.replicas {
		direct := l.d.direct(i, "")
		all = append(all, func(ctx context.Context, _ int) { l.probe(ctx, direct, i) })
	}
	for _, p := range l.d.writers {
		w := &writer{load: l, person: p, ways: l.d.ways(l.tokens[p], l.o.scenario.keepConns)}
		all = append(all, w.write)
	}
	for _, g := range l.groups {
		all = append(all, g.callers()...)
	}
	clock := l.d.ways(l.tokens[l.d.clock], l.o.scenario.keepConns).json
	return append(all, func(ctx context.Context, n int) { l.tick(ctx, clock, n) })
}

func (l *load) get(ctx context.Context, a api, n int) {
	id := l.shelf[n%len(l.shelf)]
	l.o.read(l.o.call(ctx, "GetProduct", a.via, nginx, func(ctx context.Context) error {
		_, err := a.products.GetProduct(ctx, byID(id))
		return err
	}), false, id)
}

func byID(id string) *catalogv1.GetProductRequest {
	return &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Id{Id: id}}
}

func (l *load) batchGet(ctx context.Context, a api, n int) {
	first := n % (len(l.shelf) - batchSize)
	ids := l.shelf[first : first+batchSize]
	l.o.read(l.o.call(ctx, "BatchGetProducts", a.via, nginx, func(ctx context.Context) error {
		_, err := a.products.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Ids: ids})
		return err
	}), false, ids...)
}

func (l *load) list(ctx context.Context, a api) {
	l.o.read(l.o.call(ctx, "ListProducts", a.via, nginx, func(ctx context.Context) error {
		res, err := a.products.ListProducts(ctx, &catalogv1.ListProductsRequest{Filter: fmt.Sprintf("brand = %q", l.brand)})
		if err == nil && len(res.GetProducts()) != len(l.shelf) {
			return fmt.Errorf("%d products on the shelf instead of %d", len(res.GetProducts()), len(l.shelf))
		}
		return err
	}), true, l.shelf...)
}

// probe looks at the clock's product at one replica, past nginx.
func (l *load) probe(ctx context.Context, a api, replica int) {
	begin := time.Now()
	l.o.read(l.o.call(ctx, "GetProduct", a.via, replica, func(ctx context.Context) error {
		res, err := a.products.GetProduct(ctx, byID(l.clock))
		if err != nil {
			return err
		}
		_, number, _ := strings.Cut(res.GetProduct().GetName(), " number ")
		if n, err := strconv.Atoi(number); err == nil { // else it was not changed yet
			l.o.looked(replica, n, begin)
		}
		return nil
	}), false, l.clock)
}

// tick gives the clock's product a new number.
func (l *load) tick(ctx context.Context, a api, n int) {
	if l.rename(ctx, a, l.clock, fmt.Sprintf("%s number %d", l.brand, n)) == nil {
		l.o.acked(n)
	}
}

func (l *load) create(ctx context.Context, a api, sku, brand string) (id string, err error) {
	err = l.o.call(ctx, "CreateProduct", a.via, nginx, func(ctx context.Context) error {
		res, err := a.products.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
			Sku: sku, Name: sku, Brand: brand, Price: &catalogv1.Money{Amount: "1.00", CurrencyCode: "MXN"},
		}})
		id = res.GetProduct().GetId()
		return err
	})
	l.o.attempted("create "+sku, err)
	return id, err
}

func (l *load) rename(ctx context.Context, a api, id, name string) error {
	err := l.o.call(ctx, "UpdateProduct", a.via, nginx, func(ctx context.Context) error {
		_, err := a.products.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: id, Name: name}})
		return err
	})
	l.o.attempted("rename "+id+" "+name, err)
	return err
}

func (l *load) remove(ctx context.Context, a api, id string) error {
	err := l.o.call(ctx, "DeleteProduct", a.via, nginx, func(ctx context.Context) error {
		_, err := a.products.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: id})
		return err
	})
	l.o.attempted("delete "+id, err)
	return err
}

// writer is somebody who changes products that nobody else does.
type writer struct {
	*load

	person *person
	ways   ways
	own    []string // ids of products that are there for sure
}

// write makes one change: mostly a new name, now and then a new product, or one less.
func (w *writer) write(ctx context.Context, n int) {
	a := w.ways.json
	if n%2 == 1 {
		a = w.ways.grpc
	}
	switch {
	case len(w.own) < 3 || n%7 == 0:
		sku := fmt.Sprintf("%s-%s-%d", w.o.scenario.name, w.person.name, n)
		if id, err := w.create(ctx, a, sku, w.person.name); err == nil {
			w.own = append(w.own, id)
		}
	case n%11 == 0:
		id := w.own[0]
		w.own = w.own[1:] // also if there is no answer: it may be gone
		_ = w.remove(ctx, a, id)
	default:
		_ = w.rename(ctx, a, w.own[n%len(w.own)], fmt.Sprintf("%s's number %d", w.person.name, n))
	}
}
