package decay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/decay"
)

func TestEventsCountHalfAfterTheHalfLife(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	for _, h := range []decay.HalfLife{decay.Trend, decay.Related} {
		old := now.Add(-time.Duration(h))
		sum := 3*h.Weight(now) + 2*h.Weight(old)
		require.InDelta(t, 4, h.Now(sum, now), 1e-9)
		require.InDelta(t, 2, h.Now(sum, now.Add(time.Duration(h))), 1e-9)
	}
}

func TestWeightsAreNormalNumbersForDecades(t *testing.T) {
	const smallest = 2.2250738585072014e-308
	for year := 2021; year < 2059; year++ {
		weight := decay.Trend.Weight(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		require.Greater(t, weight, smallest, year)
		require.Less(t, weight*1e6, 1.7e308, year)
	}
}
