package tracking

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/decay"
)

// cell is the key of a row of product_views.
type cell struct {
	product uuid.UUID
	hour    time.Time
}

func compareCells(a, b cell) int {
	return cmp.Or(compareIDs(a.product, b.product), a.hour.Compare(b.hour))
}

// counts are the sums in a row of product_views.
type counts struct {
	views, impressions, botViews, botImpressions int64
}

// plus adds other to c.
func (c *counts) plus(other counts) {
	c.views += other.views
	c.impressions += other.impressions
	c.botViews += other.botViews
	c.botImpressions += other.botImpressions
}

// move is a way from one product to another.
type move struct{ from, to uuid.UUID }

func compareMoves(a, b move) int { return cmp.Or(compareIDs(a.from, b.from), compareIDs(a.to, b.to)) }

// score is what a row of product_scores gains.
type score struct{ trend, arrivals float64 }

// totals are the sums of many reads.
type totals struct {
	cells map[cell]*counts
	// trend has the weights of views by product, and moves those of transitions.
	trend map[uuid.UUID]float64
	moves map[move]float64
}

func newTotals() *totals {
	return &totals{cells: map[cell]*counts{}, trend: map[uuid.UUID]float64{}, moves: map[move]float64{}}
}

func (t *totals) empty() bool { return len(t.cells) == 0 }

// size returns the number of sums.
func (t *totals) size() int { return len(t.cells) + len(t.trend) + len(t.moves) }

// add adds a read.
func (t *totals) add(r Read) {
	hour, trend, related := r.Time.Truncate(time.Hour), decay.Trend.Weight(r.Time), decay.Related.Weight(r.Time)
	for _, id := range r.Products {
		key := cell{product: id, hour: hour}
		c := t.cells[key]
		if c == nil {
			c = &counts{}
			t.cells[key] = c
		}
		switch {
		case r.Kind == View && !r.Bot:
			c.views++
			t.trend[id] += trend
			if r.From != uuid.Nil && r.From != id {
				t.moves[move{r.From, id}] += related
			}
		case r.Kind == View:
			c.botViews++
		case !r.Bot:
			c.impressions++
		default:
			c.botImpressions++
		}
	}
}

// reads returns the number of product reads.
func (t *totals) reads() int64 {
	var n int64
	for _, c := range t.cells {
		n += c.views + c.impressions + c.botViews + c.botImpressions
	}
	return n
}

// known returns the moves from products that exist: callers choose the id that they come from.
func (t *totals) known(ctx context.Context, tx *ent.Tx) (map[move]float64, error) {
	if len(t.moves) == 0 {
		return nil, nil //nolint:nilnil // no moves
	}
	claimed := map[uuid.UUID]bool{}
	for m := range t.moves {
		claimed[m.from] = true
	}
	exists := map[uuid.UUID]bool{}
	for chunk := range slices.Chunk(sorted(claimed, compareIDs), upsertChunk) {
		ids, err := tx.Product.Query().Where(product.IDIn(chunk...)).IDs(ctx)
		if err != nil {
			return nil, fmt.Errorf("look up products: %w", err)
		}
		for _, id := range ids {
			exists[id] = true
		}
	}
	known := map[move]float64{}
	for m, weight := range t.moves {
		if exists[m.from] {
			known[m] = weight
		}
	}
	return known, nil
}

// scores returns what the rows of product_scores gain by the views and the given moves.
func (t *totals) scores(moves map[move]float64) map[uuid.UUID]score {
	scores := make(map[uuid.UUID]score, len(t.trend))
	for id, weight := range t.trend {
		scores[id] = score{trend: weight}
	}
	for m, weight := range moves {
		s := scores[m.to]
		s.arrivals += weight
		scores[m.to] = s
	}
	return scores
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// sorted returns the keys of a map in order: that in which every process locks their rows.
func sorted[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
