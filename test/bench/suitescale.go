package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gonum.org/v1/plot/plotter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// frequent is in what part of the products a frequent word or brand is; rare is in how many a rare one is.
const (
	frequent = 0.1
	rare     = 10
)

// sizedCatalog is a server with a generated catalog.
type sizedCatalog struct {
	*subject
	contents
}

// operation is one call that is measured at every size.
type operation struct {
	name string
	call func(ctx context.Context, c *sizedCatalog) (call, error)
}

// operations lists those of the table.
func operations() []operation {
	return []operation{
		{"get by id", func(_ context.Context, c *sizedCatalog) (call, error) { return c.get("id", c.ids), nil }},
		{"get by SKU", func(_ context.Context, c *sizedCatalog) (call, error) { return c.get("sku", c.skus), nil }},
		{"list, first page", listing(func(*sizedCatalog) *catalogv1.ListProductsRequest {
			return &catalogv1.ListProductsRequest{}
		})},
		{"list, page in the middle", func(ctx context.Context, c *sizedCatalog) (call, error) {
			token, err := c.middle(ctx)
			return c.list(&catalogv1.ListProductsRequest{PageToken: token}), err
		}},
		{"list, frequent brand", listing(func(c *sizedCatalog) *catalogv1.ListProductsRequest {
			return ofBrand(nearest(c.brands, frequent*float64(c.live)))
		})},
		{"list, rare brand", listing(func(c *sizedCatalog) *catalogv1.ListProductsRequest {
			return ofBrand(nearest(c.brands, rare))
		})},
		{"search, rare word", listing(func(c *sizedCatalog) *catalogv1.ListProductsRequest {
			return search(nearest(c.words, rare))
		})},
		{"search, frequent word", listing(func(c *sizedCatalog) *catalogv1.ListProductsRequest {
			return search(nearest(c.words, frequent*float64(c.live)))
		})},
		{"search, two frequent words", listing(func(c *sizedCatalog) *catalogv1.ListProductsRequest {
			first := nearest(c.words, frequent*float64(c.live))
			return search(first, nearest(c.words, frequent*float64(c.live), first))
		})},
		{"list brands", func(_ context.Context, c *sizedCatalog) (call, error) {
			return post(c.server.url, catalogv1connect.ProductServiceListBrandsProcedure, []string{"{}"}), nil
		}},
		{"update a price", func(_ context.Context, c *sizedCatalog) (call, error) {
			return update(c.products, c.ids, newPrice), nil
		}},
		{"rename", func(_ context.Context, c *sizedCatalog) (call, error) {
			return update(c.products, c.ids, newName), nil
		}},
	}
}

// newName is a change of a product's name, another one each time.
func newName(p *catalogv1.Product, n int) {
	p.Name = fmt.Sprintf("%s %s, No. %d", word(n%vocabularySize), things[n%len(things)], n)
}

// get returns a call of GetProduct for products in turn.
func (c *sizedCatalog) get(field string, values []string) call {
	return post(c.server.url, catalogv1connect.ProductServiceGetProductProcedure, keys(field, values))
}

// list returns a call of ListProducts.
func (c *sizedCatalog) list(request *catalogv1.ListProductsRequest) call {
	return post(c.server.url, catalogv1connect.ProductServiceListProductsProcedure, []string{body(request)})
}

// body returns a request in JSON.
func body(request proto.Message) string {
	text, err := protojson.Marshal(request)
	if err != nil {
		panic(err) // every word is valid UTF-8
	}
	return string(text)
}

// listing is an operation that lists what the request asks for.
func listing(request func(c *sizedCatalog) *catalogv1.ListProductsRequest) func(context.Context, *sizedCatalog) (call, error) {
	return func(_ context.Context, c *sizedCatalog) (call, error) { return c.list(request(c)), nil }
}

func ofBrand(rank int) *catalogv1.ListProductsRequest {
	return &catalogv1.ListProductsRequest{Filter: fmt.Sprintf("brand = %q", brand(rank))}
}

func search(ranks ...int) *catalogv1.ListProductsRequest {
	words := make([]string, len(ranks))
	for i, rank := range ranks {
		words[i] = word(rank)
	}
	return &catalogv1.ListProductsRequest{PageSize: 20, Query: strings.Join(words, " ")}
}

// middle returns the token of the page behind the first half of all products.
func (c *sizedCatalog) middle(ctx context.Context) (string, error) {
	token := ""
	for left := c.live / 2; left > 0; {
		size := min(left, 1000)
		res, err := c.products.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: int32(size), PageToken: token})
		if err != nil {
			return "", fmt.Errorf("list: %w", err)
		}
		token, left = res.GetNextPageToken(), left-size
	}
	return token, nil
}

// measureScale measures how cost grows with the catalog, on both databases.
func measureScale(ctx context.Context, b *bench) error {
	var catalogs []*sizedCatalog
	for _, size := range b.sizes {
		for _, d := range databases() {
			c, err := d.generate(ctx, b, size)
			if err != nil {
				return fmt.Errorf("%s, %d products: %w", d.name, size, err)
			}
			catalogs = append(catalogs, c)
		}
	}
	g := growth{catalogs: catalogs}
	for _, op := range operations() {
		if !b.wants(op.name) {
			continue
		}
		alone, together, err := b.grow(ctx, op, catalogs)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		g.operations = append(g.operations, op.name)
		g.alone, g.together = append(g.alone, alone), append(g.together, together)
	}
	b.report.paragraphf("The cache is off, so that every read asks the database. Calls ask for words and brands that are *frequent*, in a tenth of the products, or *rare*, "+
		"in about %d. Lists have 50 products a page, searches 20.", rare)
	b.report.picture(g.picture())
	b.report.paragraphf("How long half of the calls take at most, with one caller, in ms:")
	g.table(b.report, g.alone, func(s sample) string { return millis(s.p50) })
	b.report.paragraphf("Requests a second, with %d callers:", callers)
	g.table(b.report, g.together, func(s sample) string { return number(s.perSecond) })
	b.report.paragraphf("Processor time a request with %d callers, in µs; on PostgreSQL the catalog's and the database's:", callers)
	g.table(b.report, g.together, func(s sample) string {
		if len(s.cpu) == 1 {
			return micros(s.cpu[0])
		}
		return micros(s.cpu[0]) + " + " + micros(s.cpu[1])
	})
	return g.space(b.report)
}

// growth is what was measured: for each operation, one sample for each catalog.
type growth struct {
	catalogs        []*sizedCatalog
	operations      []string
	alone, together [][]sample
}

// of returns the places of a database's catalogs among all, the smallest first.
func (g growth) of(d database) []int {
	var places []int
	for i, c := range g.catalogs {
		if c.name == d.name {
			places = append(places, i)
		}
	}
	return places
}

// table adds a table: a row for each operation and database, a column for each size.
func (g growth) table(r *report, samples [][]sample, show func(sample) string) {
	header := []string{"", "products:"}
	for _, i := range g.of(databases()[0]) {
		header = append(header, number(float64(g.catalogs[i].size)))
	}
	var rows [][]string
	for n, name := range g.operations {
		for _, d := range databases() {
			row := []string{name, d.name}
			for _, i := range g.of(d) {
				row = append(row, show(samples[n][i]))
			}
			rows = append(rows, row)
			name = ""
		}
	}
	r.table(2, header, rows)
}

// picture draws how the time of one caller grows.
func (g growth) picture() *picture {
	p := &picture{
		file: "benchmark-scale.svg", title: "How the time of a call grows with the catalog",
		x: "products", y: "median, ms",
	}
	for _, d := range databases() {
		one := panel{title: d.name}
		for n, name := range g.operations {
			l := line{name: name}
			for _, i := range g.of(d) {
				l.points = append(l.points, plotter.XY{
					X: float64(g.catalogs[i].size), Y: float64(g.alone[n][i].p50) / float64(time.Millisecond),
				})
			}
			one.lines = append(one.lines, l)
		}
		p.panels = append(p.panels, one)
	}
	return p
}

// space adds what the catalogs take, and how long they took to make.
func (g growth) space(r *report) error {
	var rows [][]string
	for _, d := range databases() {
		for _, i := range g.of(d) {
			c := g.catalogs[i]
			resident, err := memory(c.server.process.Process.Pid)
			if err != nil {
				return err
			}
			rows = append(rows, []string{
				d.name, number(float64(c.size)), number(float64(c.bytes) / (1 << 20)), number(float64(c.bytes) / float64(c.size)),
				number(float64(c.size) / c.took.Seconds()), number(float64(resident) / (1 << 20)),
			})
		}
	}
	r.paragraphf("What a catalog takes, without history and counts; the last column is the memory of the catalog's " +
		"process after all of the above:")
	r.table(1, []string{"", "products", "database, MiB", "bytes a product", "written, rows/s", "process, MiB"}, rows)
	return nil
}

// grow measures an operation on every catalog: with one caller, and with many.
func (b *bench) grow(ctx context.Context, op operation, catalogs []*sizedCatalog) (alone, together []sample, err error) {
	set := make([]measurement, len(catalogs))
	for i, c := range catalogs {
		do, err := op.call(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		set[i] = measurement{fmt.Sprintf("%s, %d products", c.name, c.size), c.meters, do}
	}
	for _, one := range []struct {
		callers int
		to      *[]sample
	}{{1, &alone}, {callers, &together}} {
		samples, err := b.inTurn(ctx, one.callers, set)
		if err != nil {
			return nil, nil, err
		}
		for _, of := range samples {
			*one.to = append(*one.to, median(of))
		}
	}
	return alone, together, nil
}

// generate fills a database with a catalog of a size and starts a server on it.
func (d database) generate(ctx context.Context, b *bench, size int) (*sizedCatalog, error) {
	at, err := d.create(ctx, b, fmt.Sprintf("scale_%d", size))
	if err != nil {
		return nil, err
	}
	c := &sizedCatalog{}
	if c.contents, err = fill(ctx, at, size); err != nil {
		return nil, err
	}
	c.subject, err = d.subject(ctx, b, at, noCache)
	return c, err
}
