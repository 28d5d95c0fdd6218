// Command bench benchmarks the catalog and prints Markdown tables. Each server is a separate process; this one
// generates the load. Every figure is the median of several interleaved runs, so that a drifting machine speed
// affects all alike.
//
//	go run ./test/bench -only=calls,scale   # some of the benchmarks
//	go run ./test/bench -quick              # small and short: to see that it works
//	go run ./test/bench -update             # writes tables and plots into docs/
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
	"slices"
	"strings"
	"time"
)

// callers is the number of concurrent requests where rates are measured.
const callers = 16

// benchmark is one of those that can be chosen.
type benchmark struct {
	name, title string
	measure     func(ctx context.Context, b *bench) error
}

// benchmarks lists them in the order of the document.
func benchmarks() []benchmark {
	return []benchmark{
		{"calls", "Calls compared with the floor", measureCalls},
		{"scale", "From a thousand products to a million", measureScale},
		{"replicas", "Replicas", measureReplicas},
		{"invalidation", "Cache invalidation latency between replicas", measureInvalidation},
		{"watch", "Streams of changes", measureWatch},
		{"mails", "Mails", measureMails},
		{"space", "Database growth", measureSpace},
		{"related", "Recommendations", measureRelated},
	}
}

// settings say how much is measured.
type settings struct {
	rounds  int           // runs of each measurement
	length  time.Duration // of a run
	sizes   []int         // of catalogs
	writes  int           // changes whose way is followed
	streams int           // of changes, open at once
	mails   int           // that one change causes
	changes int           // whose space is measured

	sessions int // of visitors, from which recommendations are learned
}

var (
	thorough = settings{
		rounds: 5, length: time.Second, sizes: []int{1_000, 10_000, 100_000, 1_000_000}, writes: 1_000, streams: 1_000, mails: 1_000,
		changes: 10_000, sessions: 20_000,
	}
	quick = settings{
		rounds: 1, length: 100 * time.Millisecond, sizes: []int{1_000, 5_000}, writes: 50, streams: 50, mails: 50,
		changes: 500, sessions: 2_000,
	}
)

// bench is a benchmark that runs.
type bench struct {
	settings

	// commit is what is measured: as it was before anything was written.
	commit string
	// folder is for the servers' data.
	folder string
	// match is for the names of the measurements to take.
	match *regexp.Regexp
	// report is what was found.
	report *report
	// closers give back what was started, the last first.
	closers []func() error
}

func main() {
	if err := realMain(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func realMain() error {
	if os.Getenv(serverVariable) != "" {
		return serve(os.Args[1:])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "`names` of the benchmarks to run, with commas between: "+strings.Join(names(), ", ")+"; empty: all")
	match := flags.String("run", "", "regular `expression` of the measurements to take; empty: all")
	isQuick := flags.Bool("quick", false, "small catalogs and one short run each: the figures mean nothing")
	update := flags.Bool("update", false, "write tables into "+document+" and plots into "+images)
	if err := flags.Parse(os.Args[1:]); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	expression, err := regexp.Compile(*match)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if *isQuick && *update {
		return errors.New("-quick and -update: such figures belong in no document")
	}
	b := &bench{settings: thorough, match: expression}
	if *isQuick {
		b.settings = quick
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if b.commit, err = commit(ctx); err != nil {
		return err
	}
	for _, benchmark := range chosen {
		if err := b.run(ctx, benchmark, os.Stdout, *update); err != nil {
			return fmt.Errorf("%s: %w", benchmark.name, err)
		}
	}
	return nil
}

func names() []string {
	var all []string
	for _, benchmark := range benchmarks() {
		all = append(all, benchmark.name)
	}
	return all
}

// choose returns the benchmarks with the given names; all if there are none.
func choose(list string) ([]benchmark, error) {
	if list == "" {
		return benchmarks(), nil
	}
	var chosen []benchmark
	for name := range strings.SplitSeq(list, ",") {
		at := slices.Index(names(), name)
		if at < 0 {
			return nil, fmt.Errorf("-only: there is no benchmark %q: only %s", name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, benchmarks()[at])
	}
	return chosen, nil
}

// run runs one benchmark, prints its report and, if update says so, writes it into the document.
func (b *bench) run(ctx context.Context, which benchmark, out io.Writer, update bool) (err error) {
	b.folder, err = os.MkdirTemp("", "catalog-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	folder := b.folder
	b.onClose(func() error { return os.RemoveAll(folder) })
	defer func() { err = errors.Join(err, b.close()) }()
	b.report = &report{}
	if err := b.describe(ctx); err != nil {
		return err
	}
	if err := which.measure(ctx, b); err != nil {
		return err
	}
	fmt.Fprintf(out, "## %s\n\n%s\n", which.title, b.report.text())
	if !update {
		return nil
	}
	return b.report.write(which.name)
}

// onClose notes what is to be done at the end of the benchmark.
func (b *bench) onClose(fn func() error) { b.closers = append(b.closers, fn) }

func (b *bench) close() error {
	var errs []error
	for _, fn := range slices.Backward(b.closers) {
		errs = append(errs, fn())
	}
	b.closers = nil
	return errors.Join(errs...)
}

// wants reports whether a measurement is to be taken.
func (b *bench) wants(name string) bool { return b.match.MatchString(name) }

// inTurn runs every measurement of a set once, then all again, for as many rounds as there are. It
// returns the samples of each. A call that is nil has none.
func (b *bench) inTurn(ctx context.Context, callers int, set []measurement) ([][]sample, error) {
	samples := make([][]sample, len(set))
	for range b.rounds {
		for i, m := range set {
			got, err := run(ctx, m, callers, b.length)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			samples[i] = append(samples[i], got)
		}
	}
	return samples, nil
}
