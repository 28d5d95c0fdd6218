package history

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
)

const (
	// maxBatch and maxBatchBytes bound the changes of one response, so that it is far below the sizes that clients
	// accept. A single change can be larger than maxBatchBytes.
	maxBatch, maxBatchBytes = 100, 1 << 20
	// feedBytes bounds the changes that a Feed keeps in memory, approximately.
	feedBytes = 8 << 20
	// feedChunk is the number of changes in one read of the feed.
	feedChunk = 250
	// feedReads is the number of watchers that read changes by themselves at the same time.
	feedReads = 2
)

// Feed passes new changes to any number of watchers, and reads them once for all of them: when the database tells of
// changed products, also after it may have missed to tell. It reads nothing without watchers.
//
// It keeps the newest changes in memory. A watcher that is further behind, because its cursor is old or its connection
// slow, reads by itself until it has caught up.
type Feed struct {
	db *ent.Client
	// wake has room for one notification: more of them while the feed reads are one.
	wake  chan struct{}
	reads chan struct{}

	mu   sync.Mutex
	tail *tail // nil without watchers
}

// NewFeed returns a Feed. On PostgreSQL it needs db.Watch.
func NewFeed(d *db.DB) *Feed {
	f := &Feed{db: d.Reader(), wake: make(chan struct{}, 1), reads: make(chan struct{}, feedReads)}
	d.OnProductsChanged(func([]uuid.UUID) { f.poke() })
	return f
}

// poke makes the tail read.
func (f *Feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// tail is the end of the history, which its watchers share.
type tail struct {
	stop context.CancelFunc

	mu       sync.Mutex
	watchers int
	// batches hold every change after floor up to last.
	batches     []*batch
	bytes       int
	floor, last int64
	// ready reports whether floor and last are known.
	ready bool
	// changed is closed, and replaced, when there is something new.
	changed chan struct{}
	// err is why the tail reads no more.
	err error
}

// batch holds consecutive changes: each behind the position after, up to last.
type batch struct {
	after, last int64
	entries     []*entry
	bytes       int
	// response has all of the changes.
	response *catalogv1.WatchProductChangesResponse
}

// entry is one change, for any number of watchers.
type entry struct {
	row     *ent.ProductChange
	message *catalogv1.ProductChange
	// states is States, computed once.
	states func() (states, error)
}

type states struct{ before, after *ent.Product }

// join returns the tail, and the function that leaves it.
func (f *Feed) join() (*tail, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tail == nil || f.tail.failed() {
		// The tail is for all watchers: it has neither the lifetime nor the values of the first one.
		running, stop := context.WithCancel(context.Background())
		f.tail = &tail{stop: stop, changed: make(chan struct{})}
		go f.tail.run(running, f)
	}
	t := f.tail
	t.mu.Lock()
	t.watchers++
	t.mu.Unlock()
	return t, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.watchers--
		if t.watchers > 0 {
			return
		}
		t.stop()
		if f.tail == t {
			f.tail = nil
		}
	}
}

func (t *tail) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err != nil
}

// run reads new changes until ctx is done. If it cannot, every watcher gets the error.
func (t *tail) run(ctx context.Context, f *Feed) {
	newest, err := newest(ctx, f.db)
	if err == nil {
		t.mu.Lock()
		if newest != nil {
			t.floor = newest.ID
		}
		t.last, t.ready = t.floor, true
		t.tell()
		t.mu.Unlock()
	}
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
			if ctx.Err() != nil {
				f.poke() // for the next tail
				return
			}
			err = t.read(ctx, f.db)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
	t.tell()
}

// tell wakes the watchers.
func (t *tail) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// read reads all new changes.
func (t *tail) read(ctx context.Context, client *ent.Client) error {
	for {
		found, more, err := readBatches(ctx, client, t.last, feedChunk) // nobody else changes last
		if err != nil || len(found) == 0 {
			return err
		}
		t.mu.Lock()
		for _, b := range found {
			t.batches = append(t.batches, b)
			t.bytes += b.bytes
		}
		t.last = found[len(found)-1].last
		forget := 0
		for ; t.bytes > feedBytes && forget < len(t.batches)-1; forget++ {
			t.bytes -= t.batches[forget].bytes
		}
		t.batches = slices.Delete(t.batches, 0, forget)
		t.floor = t.batches[0].after
		t.tell()
		t.mu.Unlock()
		if !more {
			return nil
		}
	}
}

// next returns the batch after a position, if it is in memory. If there is none because there are no newer changes,
// changed is closed when that is different; otherwise the caller must read the changes up to last by itself.
//
// It is one batch at a time, so that slow watchers hold no more.
func (t *tail) next(position int64) (found *batch, changed <-chan struct{}, last int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return nil, nil, 0, t.err
	case !t.ready, position >= t.last:
		return nil, t.changed, t.last, nil
	case position < t.floor:
		return nil, nil, t.last, nil
	}
	first, _ := slices.BinarySearchFunc(t.batches, position, func(b *batch, position int64) int {
		if b.last <= position {
			return -1
		}
		return 1
	})
	return t.batches[first], nil, t.last, nil
}

// newest returns the newest change; nil if there is none.
func newest(ctx context.Context, client *ent.Client) (*ent.ProductChange, error) {
	row, err := client.ProductChange.Query().Order(ent.Desc(productchange.FieldID)).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("newest change: %w", err)
	}
	return row, nil
}

// readBatches reads up to limit changes after a position, and reports whether there may be more.
func readBatches(
	ctx context.Context, client *ent.Client, after int64, limit int,
) (found []*batch, more bool, err error) {
	rows, err := client.ProductChange.Query().
		Where(productchange.IDGT(after)).
		Order(ent.Asc(productchange.FieldID)).
		Limit(limit).
		All(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read new changes: %w", err)
	}
	for _, row := range rows {
		message, err := changeMessage(row)
		if err != nil {
			return nil, false, err
		}
		e := &entry{row: row, message: message, states: sync.OnceValues(func() (states, error) {
			before, after, err := States(row)
			return states{before, after}, err
		})}
		size := proto.Size(message)
		if n := len(found); n == 0 || len(found[n-1].entries) == maxBatch || found[n-1].bytes+size > maxBatchBytes {
			found = append(found, &batch{after: after})
		}
		b := found[len(found)-1]
		b.entries = append(b.entries, e)
		b.bytes += size
		b.last, after = row.ID, row.ID
	}
	for _, b := range found {
		b.response = b.answer(b.entries)
	}
	return found, len(rows) == limit, nil
}

// answer returns the response with some of the changes, and the cursor after all of them.
func (b *batch) answer(entries []*entry) *catalogv1.WatchProductChangesResponse {
	resp := &catalogv1.WatchProductChangesResponse{Cursor: cursorAfter(b.entries[len(b.entries)-1].row)}
	for _, e := range entries {
		resp.Changes = append(resp.Changes, e.message)
	}
	return resp
}
