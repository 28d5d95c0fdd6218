// Command bench measures the catalog beside a floor and prints a table. Each server is a process of
// its own; the load comes from this one. Every figure is the median of several runs, taken in turn, so
// that a machine whose speed drifts is unfair to nobody.
//
// It needs a PostgreSQL server in CATALOG_TEST_POSTGRES_URL: `make bench` starts one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// callers is how many requests are under way at once.
const callers = 16

func main() {
	if err := realMain(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func realMain() error {
	if what := os.Getenv(serverVariable); what != "" {
		return serve(what)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "runs of each measurement")
	length := flags.Duration("time", time.Second, "length of a run")
	only := flags.String("run", "", "regular expression of the measurements to take; empty: all")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return measure(ctx, &bench{rounds: *rounds, length: *length, only: *only}, os.Stdout)
}

// subject is a server with what is needed to call it.
type subject struct {
	name     string
	server   *server
	products catalogv1connect.ProductServiceClient
	ids      []string
	imported time.Duration
}

type bench struct {
	rounds int
	length time.Duration
	only   string
	table  *tabwriter.Writer
}

// wants reports whether a measurement is to be taken.
func (b *bench) wants(name string) bool {
	return regexp.MustCompile(b.only).MatchString(name)
}

// measure runs every measurement and prints the table.
func measure(ctx context.Context, b *bench, out io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "catalog-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	subjects, err := start(ctx, folder)
	defer func() {
		for _, s := range subjects {
			err = errors.Join(err, s.server.stop())
		}
	}()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s/%s, %d processors; %d products; median of %d runs of %s\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), catalogSize, b.rounds, b.length)
	b.table = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	b.row("", "", "requests/s", "of floor", "CPU µs", "allocs")
	if err := b.reads(ctx, subjects); err != nil {
		return err
	}
	for _, s := range subjects[1:] {
		if err := b.writes(ctx, s); err != nil {
			return err
		}
	}
	if err := b.table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// start starts the floor and a catalog on each database, and fills those.
func start(ctx context.Context, folder string) ([]*subject, error) {
	postgres, err := createDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	var subjects []*subject
	for _, s := range []struct{ name, what string }{
		{"floor", "floor"}, {"SQLite", "sqlite:catalog.db"}, {"PostgreSQL", postgres},
	} {
		dir, err := os.MkdirTemp(folder, s.name)
		if err != nil {
			return subjects, fmt.Errorf("bench: %w", err)
		}
		srv, err := startServer(ctx, s.what, dir)
		if err != nil {
			return subjects, err
		}
		sub := &subject{name: s.name, server: srv, ids: []string{"019ab0c8-5f5e-7c1a-9d7b-3f6a1f0a2b3c"}}
		subjects = append(subjects, sub)
		if s.what != "floor" {
			if err := sub.fill(ctx); err != nil {
				return subjects, err
			}
		}
	}
	return subjects, nil
}

// fill signs in and imports the catalog.
func (s *subject) fill(ctx context.Context) error {
	client, err := signIn(ctx, s.server)
	if err != nil {
		return err
	}
	s.products = catalogv1connect.NewProductServiceClient(client, s.server.url)
	if s.imported, err = importCatalog(ctx, s.products); err != nil {
		return err
	}
	s.ids, err = listIDs(ctx, s.products)
	return err
}

// reads measures anonymous reads, counted as always.
func (b *bench) reads(ctx context.Context, subjects []*subject) error {
	calls := make([][]namedCall, len(subjects))
	for i, s := range subjects {
		calls[i] = getProduct(s.server, s.ids)
	}
	for n, named := range calls[0] {
		if !b.wants("GetProduct, " + named.name) {
			continue
		}
		samples := make([][]sample, len(subjects))
		for range b.rounds {
			for i, s := range subjects {
				got, err := run(ctx, s.server, callers, b.length, calls[i][n].call)
				if err != nil {
					return fmt.Errorf("GetProduct, %s, %s: %w", named.name, s.name, err)
				}
				samples[i] = append(samples[i], got)
			}
		}
		floor := median(samples[0])
		for i, s := range subjects {
			b.result("GetProduct, "+named.name, s.name, median(samples[i]), floor)
		}
	}
	for _, s := range subjects[1:] {
		list := post(s.server, catalogv1connect.ProductServiceListProductsProcedure, []string{`{"pageSize":50}`})
		if err := b.alone(ctx, "ListProducts, 50, JSON POST", s, callers, list); err != nil {
			return err
		}
		search := post(s.server, catalogv1connect.ProductServiceListProductsProcedure,
			[]string{`{"pageSize":20,"query":"creme matt"}`, `{"pageSize":20,"filter":"brand = \"Duna\" AND price < 300"}`})
		if err := b.alone(ctx, "ListProducts, search and filter", s, callers, search); err != nil {
			return err
		}
	}
	return nil
}

// writes measures changes by one caller.
func (b *bench) writes(ctx context.Context, s *subject) error {
	if err := b.alone(ctx, "UpdateProduct, one caller", s, 1, update(s.products, s.ids)); err != nil {
		return err
	}
	if err := b.alone(ctx, "bare UPDATE, one caller", s, 1, plainUpdate(s.server, s.ids)); err != nil {
		return err
	}
	b.row(fmt.Sprintf("import of %d rows", catalogSize), s.name,
		fmt.Sprintf("%.0f rows/s", catalogSize/s.imported.Seconds()), "", "", "")
	return nil
}

// alone measures what has no floor.
func (b *bench) alone(ctx context.Context, name string, s *subject, callers int, do call) error {
	if !b.wants(name) {
		return nil
	}
	var samples []sample
	for range b.rounds {
		got, err := run(ctx, s.server, callers, b.length, do)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", name, s.name, err)
		}
		samples = append(samples, got)
	}
	b.result(name, s.name, median(samples), sample{})
	return nil
}

func (b *bench) result(name, subject string, s, floor sample) {
	ratio := ""
	if floor.perSecond > 0 {
		ratio = fmt.Sprintf("%.2f", s.perSecond/floor.perSecond)
	}
	b.row(name, subject, fmt.Sprintf("%.0f", s.perSecond), ratio,
		fmt.Sprintf("%.0f", float64(s.serverCPU)/float64(time.Microsecond)), fmt.Sprintf("%.0f", s.allocs))
}

func (b *bench) row(cells ...string) {
	for _, c := range cells {
		fmt.Fprint(b.table, c, "\t")
	}
	fmt.Fprintln(b.table)
}
