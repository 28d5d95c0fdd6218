package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// followed is how long it took until changes were seen by another process.
type followed struct {
	took []time.Duration // sorted
	// stale is how many of the first reads after a change did not show it.
	stale int
}

// measureInvalidation measures how long after a process has confirmed a change another one shows it.
func measureInvalidation(ctx context.Context, b *bench) error {
	at, err := b.createDatabase(ctx, "invalidation")
	if err != nil {
		return err
	}
	filled, err := fill(ctx, at, replicaCatalog)
	if err != nil {
		return err
	}
	b.report.paragraphf("Two processes on one PostgreSQL. One changes a product that the other has just served and so keeps "+
		"in memory; from its answer on, the other is asked for the product until its answer shows the change. "+
		"%s changes, one after the other; under load, %d callers read other products from the second process meanwhile.",
		number(float64(b.writes)), callers)
	var rows [][]string
	for _, mode := range []struct {
		name  string
		flags []string
	}{{"cache", nil}, {"no cache", []string{noCache}}} {
		postgres := databases()[1]
		writer, err := postgres.subject(ctx, b, at, mode.flags...)
		if err != nil {
			return err
		}
		reader, err := postgres.subject(ctx, b, at, mode.flags...)
		if err != nil {
			return err
		}
		for _, load := range []string{"", ", under load"} {
			f, err := b.followUnder(ctx, load != "", writer, reader, filled.ids)
			if err != nil {
				return fmt.Errorf("%s%s: %w", mode.name, load, err)
			}
			rows = append(rows, []string{
				mode.name + load, millis(percentile(f.took, 50)), millis(percentile(f.took, 99)), millis(f.took[len(f.took)-1]),
				fmt.Sprintf("%.1f %%", 100*float64(f.stale)/float64(len(f.took))),
			})
		}
	}
	b.report.table(1, []string{"", "p50 ms", "p99 ms", "longest ms", "first read was stale"}, rows)
	return nil
}

// followUnder follows changes while others read, if they do.
func (b *bench) followUnder(ctx context.Context, load bool, writer, reader *subject, ids []string) (followed, error) {
	if !load {
		return follow(ctx, writer, reader, ids[0], b.writes)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := get(reader.server.url, ids[1:])
	ended := make(chan error, callers)
	for caller := range callers {
		go func() {
			for ctx.Err() == nil {
				if err := read(ctx, caller); err != nil && ctx.Err() == nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	f, err := follow(ctx, writer, reader, ids[0], b.writes)
	cancel()
	for range callers {
		if readErr := <-ended; readErr != nil && err == nil {
			err = readErr
		}
	}
	return f, err
}

// follow changes a product again and again.
func follow(ctx context.Context, writer, reader *subject, id string, changes int) (followed, error) {
	var f followed
	visitor := catalogv1connect.NewProductServiceClient(newHTTP1(), reader.server.url)
	read := &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Id{Id: id}}
	for n := range changes {
		if _, err := visitor.GetProduct(ctx, read); err != nil { // and now it may keep it
			return f, err
		}
		p := &catalogv1.Product{Id: id}
		newPrice(p, n)
		changed, err := writer.products.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: p})
		if err != nil {
			return f, err
		}
		confirmed := time.Now()
		for first := true; ; first = false {
			seen, err := visitor.GetProduct(ctx, read)
			if err != nil {
				return f, err
			}
			if seen.GetProduct().GetEtag() == changed.GetProduct().GetEtag() {
				break
			}
			if first {
				f.stale++
			}
		}
		f.took = append(f.took, time.Since(confirmed))
	}
	slices.Sort(f.took)
	return f, nil
}
