package history

import (
	"context"
	"time"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/product/filter"
)

// Watch calls send with the changes after the request's cursor, or after now, and with each later change, oldest first.
// The first response comes at once and has no change. A response without changes follows whenever there was none for
// the heartbeat. It returns when ctx is done or send fails, and FILTER_INVALID, CURSOR_INVALID, or an error of the
// database.
//
// Responses are shared by all watchers: send must not change them.
func (f *Feed) Watch(
	ctx context.Context, req *catalogv1.WatchProductChangesRequest, heartbeat time.Duration,
	send func(*catalogv1.WatchProductChangesResponse) error,
) error {
	selected, err := filter.ParseChanges("filter", req.GetFilter())
	if err != nil {
		return err
	}
	tail, leave := f.join() //nolint:contextcheck // the tail is for all watchers
	defer leave()
	w := &watcher{feed: f, tail: tail, selected: selected, heartbeat: heartbeat, send: send, cursor: req.GetCursor()}
	if w.position, err = parseCursor(ctx, f.db, w.cursor); err != nil {
		return err
	}
	if w.cursor == "" {
		if err := w.startNow(ctx); err != nil {
			return err
		}
	}
	w.timer = time.NewTimer(heartbeat)
	defer w.timer.Stop()
	if err := w.beat(); err != nil {
		return err
	}
	for {
		if err := w.step(ctx); err != nil {
			return err
		}
	}
}

// watcher is one caller of Watch.
type watcher struct {
	feed      *Feed
	tail      *tail
	selected  *filter.Changes
	heartbeat time.Duration
	send      func(*catalogv1.WatchProductChangesResponse) error
	timer     *time.Timer

	// position is the last sequence that was read, and cursor the position in its public form. After a gap in the
	// sequences, position can be greater.
	position int64
	cursor   string
}

func (w *watcher) startNow(ctx context.Context) error {
	last, err := newest(ctx, w.feed.db)
	if err != nil {
		return err
	}
	if last != nil {
		w.position = last.ID
	}
	w.cursor = cursorAfter(last)
	return nil
}

// step passes on what is new, or waits for it.
func (w *watcher) step(ctx context.Context) error {
	found, changed, last, err := w.tail.next(w.position)
	switch {
	case err != nil:
		return err
	case changed != nil:
		return w.wait(ctx, changed)
	case found == nil:
		return w.catchUp(ctx, last)
	}
	return w.takeAll(ctx, []*batch{found})
}

func (w *watcher) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-changed:
		return nil
	case <-w.timer.C:
		return w.beat()
	}
}

// catchUp reads changes that are not in memory any more, up to the position last at least.
func (w *watcher) catchUp(ctx context.Context, last int64) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case w.feed.reads <- struct{}{}:
	}
	found, more, err := readBatches(ctx, w.feed.db, w.position, maxBatch)
	<-w.feed.reads
	if err != nil {
		return err
	}
	if err := w.takeAll(ctx, found); err != nil {
		return err
	}
	if !more {
		w.position = max(w.position, last)
	}
	return nil
}

// takeAll passes on batches, and notices the end of ctx and due heartbeats between them.
func (w *watcher) takeAll(ctx context.Context, found []*batch) error {
	for _, b := range found {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.take(b); err != nil {
			return err
		}
		select {
		case <-w.timer.C:
			if err := w.beat(); err != nil {
				return err
			}
		default:
		}
	}
	return nil
}

// take passes on the changes of a batch after the position that match.
func (w *watcher) take(b *batch) error {
	resp := b.response
	if !w.selected.IsBlank() || w.position > b.after {
		matched, err := w.choose(b.entries)
		if err != nil {
			return err
		}
		resp = b.answer(matched)
	}
	w.position, w.cursor = b.last, resp.GetCursor()
	if len(resp.GetChanges()) == 0 {
		return nil
	}
	return w.pass(resp)
}

// choose returns the entries after the position that match.
func (w *watcher) choose(entries []*entry) ([]*entry, error) {
	var matched []*entry
	for _, e := range entries {
		if e.row.ID <= w.position {
			continue
		}
		isMatch, err := matches(w.selected, e.row, func(*ent.ProductChange) (before, after *ent.Product, err error) {
			s, err := e.states()
			return s.before, s.after, err
		})
		if err != nil {
			return nil, err
		}
		if isMatch {
			matched = append(matched, e)
		}
	}
	return matched, nil
}

func (w *watcher) beat() error {
	return w.pass(&catalogv1.WatchProductChangesResponse{Cursor: w.cursor})
}

// pass sends a response. The next heartbeat is due after another period.
func (w *watcher) pass(resp *catalogv1.WatchProductChangesResponse) error {
	w.timer.Reset(w.heartbeat)
	return w.send(resp)
}
