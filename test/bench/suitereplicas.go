package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/test/fleet"
)

// mostReplicas is how many processes there are at most; replicaCatalog is how many products they serve.
const mostReplicas, replicaCatalog = 3, 10_000

// noCache is the flag of a server that keeps nothing in memory.
const noCache = "--cache-bytes=0"

// replicated is a number of replicas behind nginx.
type replicated struct {
	name   string
	url    string
	meters []meter // of the replicas, of PostgreSQL, and of nginx
	admin  catalogv1connect.ProductServiceClient
}

// measureReplicas measures one, two and three replicas behind nginx, on one PostgreSQL.
func measureReplicas(ctx context.Context, b *bench) error {
	at, err := b.createDatabase(ctx, "replicas")
	if err != nil {
		return err
	}
	filled, err := fill(ctx, at, replicaCatalog)
	if err != nil {
		return err
	}
	cached, err := b.replicas(ctx, at)
	if err != nil {
		return err
	}
	bare, err := b.replicas(ctx, at, noCache)
	if err != nil {
		return err
	}
	b.report.paragraphf("%s products, %d callers at once, through nginx with one worker.", number(replicaCatalog), callers)
	list := []string{body(&catalogv1.ListProductsRequest{})}
	var rows [][]string
	for _, one := range []struct {
		name string
		of   []replicated
		call func(r replicated) call
	}{
		{"GetProduct", cached, func(r replicated) call { return get(r.url, filled.ids) }},
		{"GetProduct, no cache", bare, func(r replicated) call { return get(r.url, filled.ids) }},
		{"ListProducts, 50", cached, func(r replicated) call { return list50(r.url, list) }},
		{"ListProducts, 50, no cache", bare, func(r replicated) call { return list50(r.url, list) }},
		{"UpdateProduct", cached, func(r replicated) call { return update(r.admin, filled.ids, newPrice) }},
	} {
		if !b.wants(one.name) {
			continue
		}
		var set []measurement
		for _, r := range one.of {
			set = append(set, measurement{r.name, r.meters, one.call(r)})
		}
		samples, err := b.inTurn(ctx, callers, set)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		name := one.name
		for i := range set {
			s := median(samples[i])
			rows = append(rows, []string{
				name, number(float64(i + 1)), number(s.perSecond), millis(s.p50), millis(s.p99),
				micros(s.cpu[0]), micros(s.cpu[1]), micros(s.cpu[2]),
			})
			name = ""
		}
	}
	b.report.table(1, []string{
		"", "replicas", "requests/s", "p50 ms", "p99 ms", "catalog µs", "database µs", "nginx µs",
	}, rows)
	return nil
}

func list50(base string, requests []string) call {
	return post(base, catalogv1connect.ProductServiceListProductsProcedure, requests)
}

// replicas starts as many processes as there may be, and an nginx in front of the first, of the first two,
// and so on.
func (b *bench) replicas(ctx context.Context, databaseURL string, flags ...string) ([]replicated, error) {
	postgres, err := postgresProcess(ctx)
	if err != nil {
		return nil, err
	}
	var all []replicated
	var meters []meter
	var addresses []string
	for n := range mostReplicas {
		srv, err := b.startCatalog(ctx, databaseURL, flags...)
		if err != nil {
			return nil, err
		}
		address, err := url.Parse(srv.url)
		if err != nil {
			return nil, fmt.Errorf("replica: %w", err)
		}
		meters, addresses = append(meters, srv.usage), append(addresses, address.Host)
		dir, err := os.MkdirTemp(b.folder, "nginx-")
		if err != nil {
			return nil, fmt.Errorf("nginx: %w", err)
		}
		nginx, err := fleet.StartNginx(ctx, dir, fleet.Route{Prefix: "/", Servers: addresses})
		if err != nil {
			return nil, err
		}
		b.onClose(func() error { return nginx.Stop(context.WithoutCancel(ctx)) })
		id, err := os.ReadFile(filepath.Join(dir, "nginx.pid"))
		if err != nil {
			return nil, fmt.Errorf("nginx: %w", err)
		}
		process, err := strconv.Atoi(strings.TrimSpace(string(id)))
		if err != nil {
			return nil, fmt.Errorf("nginx: %w", err)
		}
		admin, err := signIn(ctx, nginx.URL)
		if err != nil {
			return nil, err
		}
		all = append(all, replicated{
			name:   fmt.Sprintf("%d replicas", n+1),
			url:    nginx.URL,
			meters: []meter{sum(meters...), processes(tree(postgres)), processes(tree(process))},
			admin:  catalogv1connect.NewProductServiceClient(admin, nginx.URL),
		})
	}
	return all, nil
}
