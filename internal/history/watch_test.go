package history_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/test/wait"
)

// watching is a caller of Watch.
type watching struct {
	t         *testing.T
	responses chan *catalogv1.WatchProductChangesResponse
	end       func()
	ended     chan error
	cursor    string
	// held stops the caller from taking responses while it is locked.
	held sync.Mutex
}

// watch starts to watch, and takes the first response.
func (w *world) watch(
	f *history.Feed, req *catalogv1.WatchProductChangesRequest, heartbeat time.Duration,
) *watching {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	c := &watching{
		t: w.t, end: cancel, ended: make(chan error, 1), responses: make(chan *catalogv1.WatchProductChangesResponse, 1000),
	}
	go func() {
		c.ended <- f.Watch(ctx, req, heartbeat, func(resp *catalogv1.WatchProductChangesResponse) error {
			c.held.Lock()
			defer c.held.Unlock()
			c.responses <- resp
			return nil
		})
	}()
	w.t.Cleanup(cancel)
	first := c.next()
	require.Empty(w.t, first.GetChanges(), "the first response only opens the stream")
	require.True(w.t, req.GetCursor() == "" || req.GetCursor() == first.GetCursor())
	return c
}

func (c *watching) next() *catalogv1.WatchProductChangesResponse {
	c.t.Helper()
	select {
	case resp := <-c.responses:
		require.NotEmpty(c.t, resp.GetCursor())
		c.cursor = resp.GetCursor()
		return resp
	case err := <-c.ended:
		require.FailNow(c.t, "it ended", "%v", err)
	case <-time.After(wait.Patience):
		require.FailNow(c.t, "no response")
	}
	return nil
}

// take returns the sequences of the next n changes.
func (c *watching) take(n int) []int64 {
	c.t.Helper()
	var sequences []int64
	for len(sequences) < n {
		for _, change := range c.next().GetChanges() {
			sequences = append(sequences, change.GetSequence())
		}
	}
	require.Len(c.t, sequences, n)
	return sequences
}

// watched is a world whose database tells of changes, and a feed on it.
func watched(t *testing.T, fn func(t *testing.T, w *world, f *history.Feed)) {
	t.Helper()
	each(t, func(t *testing.T, w *world) {
		f := history.NewFeed(w.db)
		require.NoError(t, w.db.Watch(t.Context()))
		fn(t, w, f)
	})
}

func (w *world) sequences(from int) []int64 {
	w.t.Helper()
	var ids []int64
	for _, row := range w.changes()[from:] {
		ids = append(ids, row.ID)
	}
	return ids
}

func TestWatchSendsEachChangeOnce(t *testing.T) {
	watched(t, func(t *testing.T, w *world, f *history.Feed) {
		start := w.mustList(&catalogv1.ListProductChangesRequest{OrderBy: "sequence"}).GetNextCursor()
		p := w.product(w.ana, "first")
		live := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		w.rename(w.ana, p, "Second")
		require.Equal(t, w.sequences(1), live.take(1), "from now on")

		late := w.watch(f, &catalogv1.WatchProductChangesRequest{Cursor: start}, time.Hour)
		require.Equal(t, w.sequences(0), late.take(2), "from its cursor on")
		w.tx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
			creates := make([]*ent.ProductCreate, 600)
			for i := range creates {
				creates[i] = draft(tx, fmt.Sprint("batch-", i))
			}
			return tx.Product.CreateBulk(creates...).Exec(ctx)
		})
		require.Equal(t, w.sequences(2), live.take(600))
		require.Equal(t, w.sequences(2), late.take(600))

		// Each cursor continues behind its response, by a stream and by a list.
		again := w.watch(f, &catalogv1.WatchProductChangesRequest{Cursor: live.cursor}, time.Hour)
		w.rename(w.luis, p, "Third")
		require.Equal(t, w.sequences(602), again.take(1))
		listed, _ := w.follow(live.cursor, 10)
		require.Equal(t, w.sequences(602), listed)
		middle := w.mustList(&catalogv1.ListProductChangesRequest{OrderBy: "sequence", PageSize: 37}).GetNextCursor()
		require.Equal(t, w.sequences(37), w.watch(f, &catalogv1.WatchProductChangesRequest{Cursor: middle}, time.Hour).take(566))
	})
}

func TestWatchBeatsWithTheLatestCursor(t *testing.T) {
	watched(t, func(t *testing.T, w *world, f *history.Feed) {
		p := w.product(w.ana, "first")
		quiet := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Millisecond)
		before := quiet.cursor
		require.Empty(t, quiet.next().GetChanges())
		require.Equal(t, before, quiet.cursor)

		filtered := w.watch(f, &catalogv1.WatchProductChangesRequest{Filter: `actor = Luis`}, time.Millisecond)
		w.rename(w.ana, p, "Excluded")
		wait.For(t, func() bool {
			require.Empty(t, filtered.next().GetChanges())
			return filtered.cursor != before
		}, "the heartbeat passes a change that the filter excludes")
		rest, _ := w.follow(filtered.cursor, 10)
		require.Empty(t, rest)
		w.rename(w.luis, p, "Included")
		require.Equal(t, w.sequences(2), filtered.take(1))
	})
}

func TestWatchRefuses(t *testing.T) {
	watched(t, func(t *testing.T, w *world, f *history.Feed) {
		send := func(*catalogv1.WatchProductChangesResponse) error { return errors.New("broken pipe") }
		for reason, req := range map[fault.Reason]*catalogv1.WatchProductChangesRequest{
			fault.CursorInvalid: {Cursor: "AAAA"},
			fault.FilterInvalid: {Filter: "colour = red"},
		} {
			err := f.Watch(t.Context(), req, time.Hour, send)
			require.True(t, fault.Is(err, reason), "%v", err)
		}
		require.ErrorContains(t, f.Watch(t.Context(), &catalogv1.WatchProductChangesRequest{}, time.Hour, send), "broken pipe")

		c := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		c.end()
		require.ErrorIs(t, <-c.ended, context.Canceled)
	})
}

// Watchers share the reads of new changes, and nobody reads without watchers or changes.
func TestWatchersShareOneRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var reads atomic.Int64
		f := history.NewFeed(w.db)
		require.NoError(t, w.db.Watch(t.Context()))
		p := w.product(w.ana, "first")
		w.db.Reader().ProductChange.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				reads.Add(1)
				return next.Query(ctx, q)
			})
		}))
		w.rename(w.ana, p, "Nobody watches")
		require.Zero(t, reads.Load())
		const watchers, changes = 50, 20
		all := make([]*watching, watchers)
		for i := range all {
			all[i] = w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		}
		before := reads.Load()
		for i := range changes {
			w.rename(w.ana, p, fmt.Sprint("Name ", i))
		}
		for _, c := range all {
			require.Equal(t, w.sequences(2), c.take(changes))
		}
		// On PostgreSQL the process notices its own transactions twice: by itself, and by a notification.
		mine := int64(watchers) // of w.sequences above
		require.LessOrEqual(t, reads.Load()-before-mine, int64(2*changes+2))
	})
}

// A watcher that does not take its responses neither stops the others nor misses a change.
func TestASlowWatcherReadsByItself(t *testing.T) {
	watched(t, func(t *testing.T, w *world, f *history.Feed) {
		slow := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		fast := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		slow.held.Lock()
		const changes = 30 // more than a feed keeps
		for i := range changes {
			w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
				creates := make([]*ent.ProductCreate, 20)
				for j := range creates {
					creates[j] = draft(tx, fmt.Sprint("large-", i, "-", j)).SetDescription(strings.Repeat("x", 10_000))
				}
				return tx.Product.CreateBulk(creates...).Exec(ctx)
			})
		}
		require.Equal(t, w.sequences(0), fast.take(changes*20))
		slow.held.Unlock()
		require.Equal(t, w.sequences(0), slow.take(changes*20))
	})
}

// If changes cannot be read, streams end with the error, and later ones begin anew.
func TestWatchEndsWithTheDatabase(t *testing.T) {
	watched(t, func(t *testing.T, w *world, f *history.Feed) {
		p := w.product(w.ana, "first")
		broken := errors.New("broken")
		var breaks atomic.Bool
		w.db.Reader().ProductChange.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				if breaks.Load() {
					return nil, broken
				}
				return next.Query(ctx, q)
			})
		}))
		c := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		other := w.watch(f, &catalogv1.WatchProductChangesRequest{}, time.Hour)
		breaks.Store(true)
		w.rename(w.ana, p, "Second")
		require.ErrorIs(t, <-c.ended, broken)
		require.ErrorIs(t, <-other.ended, broken)
		breaks.Store(false)
		again := w.watch(f, &catalogv1.WatchProductChangesRequest{Cursor: c.cursor}, time.Hour)
		w.rename(w.ana, p, "Third")
		require.Equal(t, w.sequences(1), again.take(2))
	})
}
