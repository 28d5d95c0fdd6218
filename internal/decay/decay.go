// Package decay weighs events by their age without ever touching the sums of the past: forward decay (Cormode,
// Shkapenyuk, Srivastava and Xu, ICDE 2009).
//
// A sum with exponential decay is Σ 2^((t-now)/h) for events at t and a half-life h. It changes with now. Instead, the
// database keeps Σ 2^((t-landmark)/h), which only grows: a new event is one addition, rows are compared with each other
// as they are, and an index on the sum stays in order. Now divides a sum by the weight of an event now.
package decay

import (
	"math"
	"time"
)

// The half-lives of sums in the database. Changing one needs a migration of the sums.
const (
	// Trend is how fast views lose weight in what is trending.
	Trend = HalfLife(7 * 24 * time.Hour)
	// Related is how fast transitions between products lose weight.
	Related = HalfLife(30 * 24 * time.Hour)
)

// landmark is in the middle of the time for which Trend's weights are normal numbers of 64 bits: 2020 to 2059.
var landmark = time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)

// HalfLife is the time after which an event counts half.
type HalfLife time.Duration

// Weight returns the summand of an event.
func (h HalfLife) Weight(at time.Time) float64 {
	return math.Exp2(float64(at.Sub(landmark)) / float64(h))
}

// Now returns the decayed number of events of a sum at a time: 1 for a single event at that time.
func (h HalfLife) Now(sum float64, now time.Time) float64 { return sum / h.Weight(now) }
