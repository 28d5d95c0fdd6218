package tracking

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// cell is the key of a row of product_views.
type cell struct {
	product uuid.UUID
	hour    time.Time
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

// totals are the sums of many reads.
type totals map[cell]*counts

// add adds a read.
func (t totals) add(r Read) {
	hour := r.Time.Truncate(time.Hour)
	for _, product := range r.Products {
		key := cell{product: product, hour: hour}
		c := t[key]
		if c == nil {
			c = &counts{}
			t[key] = c
		}
		switch {
		case r.Kind == View && !r.Bot:
			c.views++
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
func (t totals) reads() int64 {
	var n int64
	for _, c := range t {
		n += c.views + c.impressions + c.botViews + c.botImpressions
	}
	return n
}

// keys returns the keys ordered by product and hour.
func (t totals) keys() []cell {
	keys := make([]cell, 0, len(t))
	for k := range t {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b cell) int {
		return cmp.Or(slices.Compare(a.product[:], b.product[:]), a.hour.Compare(b.hour))
	})
	return keys
}
