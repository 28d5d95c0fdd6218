package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// idleTime is for how long streams without changes are measured.
const idleTime = 10 * time.Second

// watched is what streams of changes took, and cost the server that they belong to.
type watched struct {
	// answers are how long the changes took for their caller, and arrivals until each stream had each of them; sorted.
	answers, arrivals []time.Duration
	// memory is in bytes, the times are of the processor: in a second without changes, and for each change.
	memory        uint64
	idle, working []time.Duration
}

// measureWatch measures how soon streams have a change, and what a thousand of them cost.
func measureWatch(ctx context.Context, b *bench) error {
	b.report.paragraphf("%s changes of one product, one after the other; each from the start of its call until its caller has "+
		"the answer, and until each stream has the change. On PostgreSQL the streams belong to another process than the one "+
		"that changes. Each stream has a connection of its own, over HTTP/1.1 with Connect. Memory is that of the process with "+
		"the streams, after a garbage collection and less what it had without streams; processor time is that of the process, "+
		"and of PostgreSQL, with the heartbeats of %s without changes, and for each change.", number(float64(b.writes)), idleTime)
	var latency, cost [][]string
	for _, d := range databases() {
		for _, streams := range []int{1, b.streams} {
			w, err := b.watch(ctx, d, streams)
			if err != nil {
				return fmt.Errorf("%s, %d streams: %w", d.name, streams, err)
			}
			name := fmt.Sprintf("%s, %s streams", d.name, number(float64(streams)))
			if streams == 1 {
				name = d.name + ", 1 stream"
			}
			latency = append(latency, []string{
				name, millis(percentile(w.answers, 50)), millis(percentile(w.answers, 99)),
				millis(percentile(w.arrivals, 50)), millis(percentile(w.arrivals, 99)),
			})
			cost = append(cost, append([]string{name, fmt.Sprintf("%.1f", float64(w.memory)/(1<<20))}, costs(w)...))
		}
	}
	b.report.table(1, []string{"", "answer p50 ms", "p99 ms", "change p50 ms", "p99 ms"}, latency)
	b.report.table(1, []string{
		"", "memory MiB", "idle ms CPU a second", "PostgreSQL", "a change ms CPU", "PostgreSQL",
	}, cost)
	return nil
}

// costs are the cells of processor times: without PostgreSQL those of SQLite are part of the process.
func costs(w watched) []string {
	cells := make([]string, 0, 4)
	for _, times := range [][]time.Duration{w.idle, w.working} {
		cells = append(cells, millis(times[0]))
		if len(times) == 1 {
			cells = append(cells, "")
			continue
		}
		cells = append(cells, millis(times[1]))
	}
	return cells
}

// watch opens streams on a new catalog and changes a product.
func (b *bench) watch(ctx context.Context, d database, streams int) (watched, error) {
	var w watched
	at, err := d.create(ctx, b, fmt.Sprint("watch", streams))
	if err != nil {
		return w, err
	}
	filled, err := fill(ctx, at, 1_000)
	if err != nil {
		return w, err
	}
	limits := []string{fmt.Sprintf("--max-streams=%d", streams), fmt.Sprintf("--max-streams-per-admin=%d", streams)}
	reader, err := d.subject(ctx, b, at, limits...)
	if err != nil {
		return w, err
	}
	writer := reader
	if d.key == "postgres" {
		if writer, err = d.subject(ctx, b, at); err != nil {
			return w, err
		}
	}
	before, err := reader.server.memory(ctx)
	if err != nil {
		return w, err
	}
	ctx, cancel := context.WithCancel(ctx)
	arrivals := make(chan time.Time, streams)
	ended, err := openStreams(ctx, reader, streams, arrivals)
	if err != nil {
		cancel()
		return w, err
	}
	err = errors.Join(w.measure(ctx, b, reader, writer, filled.ids[0], streams, arrivals, before))
	cancel()
	ended.Wait()
	return w, err
}

func (w *watched) measure(
	ctx context.Context, b *bench, reader, writer *subject, id string, streams int, arrivals <-chan time.Time, before uint64,
) error {
	after, err := reader.server.memory(ctx)
	if err != nil {
		return err
	}
	w.memory = after - min(before, after)
	if w.idle, err = spent(ctx, reader, func() error {
		select {
		case <-time.After(idleTime):
		case <-ctx.Done():
		}
		return ctx.Err()
	}); err != nil {
		return err
	}
	for i := range w.idle {
		w.idle[i] /= idleTime / time.Second
	}
	if w.working, err = spent(ctx, reader, func() error {
		return w.change(ctx, b.writes, writer, id, streams, arrivals)
	}); err != nil {
		return err
	}
	for i := range w.working {
		w.working[i] /= time.Duration(b.writes)
	}
	slices.Sort(w.answers)
	slices.Sort(w.arrivals)
	return nil
}

// change changes a product again and again, each time when all streams have the last change.
func (w *watched) change(
	ctx context.Context, changes int, writer *subject, id string, streams int, arrivals <-chan time.Time,
) error {
	for n := range changes {
		p := &catalogv1.Product{Id: id}
		newPrice(p, n)
		start := time.Now()
		if _, err := writer.products.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: p}); err != nil {
			return err
		}
		w.answers = append(w.answers, time.Since(start))
		for range streams {
			select {
			case at := <-arrivals:
				w.arrivals = append(w.arrivals, at.Sub(start))
			case <-time.After(requestTimeout):
				return errors.New("a stream does not get a change")
			}
		}
	}
	return nil
}

// spent returns the processor time that fn costs a subject and its database.
func spent(ctx context.Context, s *subject, fn func() error) ([]time.Duration, error) {
	before, err := readAll(ctx, s.meters)
	if err != nil {
		return nil, err
	}
	if err := fn(); err != nil {
		return nil, err
	}
	after, err := readAll(ctx, s.meters)
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, len(after))
	for i := range after {
		times[i] = after[i].CPU - before[i].CPU
	}
	return times, nil
}

// openStreams opens streams, which tell of each change until ctx is done. The group waits for their end.
func openStreams(ctx context.Context, s *subject, streams int, arrivals chan<- time.Time) (*sync.WaitGroup, error) {
	client, err := signIn(ctx, s.server.url)
	if err != nil {
		return nil, err
	}
	products := catalogv1connect.NewProductServiceClient(&http.Client{Transport: client.Transport}, s.server.url)
	var group sync.WaitGroup
	for range streams {
		stream, err := products.WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{})
		if err != nil {
			return &group, err
		}
		if !stream.Receive() { // the first response: the stream is open
			return &group, stream.Err()
		}
		group.Go(func() { listen(stream, arrivals) })
	}
	return &group, nil
}

func listen(stream *connect.ServerStreamForClient[catalogv1.WatchProductChangesResponse], arrivals chan<- time.Time) {
	for stream.Receive() {
		for range stream.Msg().GetChanges() {
			arrivals <- time.Now()
		}
	}
}
