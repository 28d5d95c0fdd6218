package history

import (
	"context"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/product/filter"
)

// A page of a filter reads at most maxScanned rows, scanChunk at a time. That bounds its time and its memory, however
// rare the changes are that match.
const maxScanned, scanChunk = 5_000, 250

// readRows returns the next rows, and one more if there are more than limit. The next call continues after limit rows.
type readRows func(ctx context.Context, limit int) ([]*ent.ProductChange, error)

// scanned is a part of the history that was read.
type scanned struct {
	// matched are the rows that the filter matches.
	matched []*ent.ProductChange
	// first and last are the ends of all rows that were read; nil if there were none.
	first, last *ent.ProductChange
	// more reports whether there are rows after last.
	more bool
}

// scan reads rows until size of them match.
func scan(ctx context.Context, selected *filter.Changes, size int, next readRows) (scanned, error) {
	chunk, budget := size, size
	if !selected.IsBlank() {
		chunk, budget = scanChunk, maxScanned
	}
	var s scanned
	for ; budget > 0; budget -= chunk {
		rows, err := next(ctx, chunk)
		if err != nil {
			return scanned{}, err
		}
		s.more = len(rows) > chunk
		rows = rows[:min(len(rows), chunk)]
		for i, row := range rows {
			if s.first == nil {
				s.first = row
			}
			s.last = row
			isMatch, err := matches(selected, row, States)
			if err != nil {
				return scanned{}, err
			}
			if isMatch {
				s.matched = append(s.matched, row)
			}
			if len(s.matched) == size {
				s.more = s.more || i+1 < len(rows)
				return s, nil
			}
		}
		if !s.more {
			break
		}
	}
	return s, nil
}

// matches reports whether a filter selects a change. states returns its product.
func matches(
	selected *filter.Changes, row *ent.ProductChange,
	states func(*ent.ProductChange) (before, after *ent.Product, err error),
) (bool, error) {
	if selected.IsBlank() {
		return true, nil
	}
	before, after, err := states(row)
	if err != nil {
		return false, err
	}
	c := filter.Change{ActorID: row.ActorID, ActorName: row.ActorName, Operation: row.Operation}
	return selected.Match(c, before, after), nil
}
