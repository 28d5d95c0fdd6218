package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/importer"
)

// importSize is how many products are imported, and then read.
const importSize = 2_500

// imported is a catalog that came in through the API.
type imported struct {
	*subject

	ids  []string
	took time.Duration
}

// measureCalls measures what single calls cost, beside a floor that does nothing but answer.
func measureCalls(ctx context.Context, b *bench) error {
	floor, err := b.startServer(ctx, floorArgument)
	if err != nil {
		return err
	}
	var catalogs []imported
	for _, flags := range [][]string{nil, {noCache}} {
		for _, d := range databases() {
			c, err := d.importCatalog(ctx, b, flags...)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			catalogs = append(catalogs, c)
		}
	}
	b.report.paragraphf("%s products of about %s bytes as JSON, %d callers at once for reads.",
		number(importSize), number(float64(len(body(floorProduct())))), callers)
	var rows [][]string
	for _, measure := range []func(context.Context, *bench, *server, []imported) ([][]string, error){
		gets, lists, updates,
	} {
		more, err := measure(ctx, b, floor, catalogs)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	for _, c := range withCache(catalogs) {
		rows = append(rows, []string{
			fmt.Sprintf("import of %s rows", number(importSize)), c.name,
			number(importSize/c.took.Seconds()) + " rows/s", "", "", "", "",
		})
	}
	b.report.table(2, []string{"", "", "requests/s", "of floor", "CPU µs", "database µs", "allocs"}, rows)
	return nil
}

// importCatalog starts a catalog and imports products, as `catalog import` does.
func (d database) importCatalog(ctx context.Context, b *bench, flags ...string) (imported, error) {
	at, err := d.create(ctx, b, fmt.Sprintf("calls_%d", len(flags)))
	if err != nil {
		return imported{}, err
	}
	prepared, err := prepare(ctx, at)
	if err != nil {
		return imported{}, err
	}
	if err := prepared.Close(); err != nil {
		return imported{}, err
	}
	c := imported{}
	if c.subject, err = d.subject(ctx, b, at, flags...); err != nil {
		return imported{}, err
	}
	if len(flags) > 0 {
		c.name += ", no cache"
	}
	if c.took, err = importProducts(ctx, c.products); err != nil {
		return imported{}, err
	}
	c.ids, err = listIDs(ctx, c.products)
	return c, err
}

// withCache returns the catalogs that keep products in memory; for writes that makes no difference.
func withCache(catalogs []imported) []imported { return catalogs[:len(databases())] }

// importProducts imports products from a file, and returns how long that took.
func importProducts(ctx context.Context, client catalogv1connect.ProductServiceClient) (time.Duration, error) {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"sku", "name", "brand", "price", "currency", "description", "tags"}}
	g := newGenerator(importSize)
	for i := range importSize {
		p := g.product(i).product
		rows = append(rows, []string{
			p.GetSku(), p.GetName(), p.GetBrand(), p.GetPrice().GetAmount(), p.GetPrice().GetCurrencyCode(),
			p.GetDescription(), strings.Join(p.GetTags(), ","),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return 0, fmt.Errorf("write rows: %w", err)
	}
	start := time.Now()
	parsed, err := importer.Parse(&file, "MXN")
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	result, err := (&importer.Import{Products: client}).Run(ctx, parsed)
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	if result.Created != importSize {
		return 0, fmt.Errorf("import: created %d of %d: %v", result.Created, importSize, result.Problems)
	}
	return time.Since(start), nil
}

// gets measures GetProduct in every protocol.
func gets(ctx context.Context, b *bench, floor *server, catalogs []imported) ([][]string, error) {
	var rows [][]string
	for n, named := range getProduct(floor.url, []string{floorProduct().GetId()}) {
		name := "GetProduct, " + named.name
		set := []measurement{{"floor", []meter{floor.usage}, named.call}}
		for _, c := range catalogs {
			set = append(set, measurement{c.name, c.meters, getProduct(c.server.url, c.ids)[n].call})
		}
		more, err := b.compare(ctx, name, callers, set, true)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// lists measures ListProducts.
func lists(ctx context.Context, b *bench, _ *server, catalogs []imported) ([][]string, error) {
	var rows [][]string
	for _, list := range []struct {
		name     string
		requests []string
	}{
		{"ListProducts, 50", []string{`{"pageSize":50}`}},
		{"ListProducts, 20, search", []string{`{"pageSize":20,"query":"` + word(40) + `"}`}},
		{"ListProducts, 20, filter", []string{`{"pageSize":20,"filter":"brand = \"` + brand(3) + `\" AND price < 900"}`}},
	} {
		var set []measurement
		for _, c := range catalogs {
			call := post(c.server.url, catalogv1connect.ProductServiceListProductsProcedure, list.requests)
			set = append(set, measurement{c.name, c.meters, call})
		}
		more, err := b.compare(ctx, list.name, callers, set, false)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// updates measures UpdateProduct beside the bare update that it cannot do without.
func updates(ctx context.Context, b *bench, _ *server, catalogs []imported) ([][]string, error) {
	var rows [][]string
	for _, c := range withCache(catalogs) {
		more, err := b.compare(ctx, "one caller, "+c.name, 1, []measurement{
			{"UpdateProduct", c.meters, update(c.products, c.ids, newPrice)},
			{"bare UPDATE", c.meters, plainUpdate(c.server, c.ids)},
		}, false)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// compare takes the measurements of a set in turn and returns a row for each. The first is the floor if
// hasFloor says so.
func (b *bench) compare(
	ctx context.Context, name string, callers int, set []measurement, hasFloor bool,
) ([][]string, error) {
	if !b.wants(name) {
		return nil, nil
	}
	samples, err := b.inTurn(ctx, callers, set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	floor := median(samples[0])
	var rows [][]string
	for i, m := range set {
		s := median(samples[i])
		row := []string{name, m.name, number(s.perSecond), "", micros(s.cpu[0]), "", number(s.allocs)}
		if hasFloor {
			row[3] = fmt.Sprintf("%.2f", s.perSecond/floor.perSecond)
		}
		if len(s.cpu) > 1 {
			row[5] = micros(s.cpu[1])
		}
		if i > 0 {
			row[0] = ""
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// newPrice is a change of a product's price, another one each time.
func newPrice(p *catalogv1.Product, n int) {
	p.Price = &catalogv1.Money{Amount: fmt.Sprint(2000 + n), CurrencyCode: "MXN"}
}
