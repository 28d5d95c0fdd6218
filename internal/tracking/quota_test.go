package tracking

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestOneNetworkContributesFewTransitions(t *testing.T) {
	var q quota
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	a, b := newIDs(1)[0], newIDs(1)[0]
	spent := func(at time.Time, network string, from, to uuid.UUID) (n int) {
		for range 100 {
			if q.spend(at, network, from, to) {
				n++
			}
		}
		return n
	}
	require.Equal(t, pairQuota, spent(now, "192.0.2.1", a, b))
	require.Equal(t, pairQuota, spent(now, "192.0.2.1", b, a), "the way back is another pair")
	require.Equal(t, pairQuota, spent(now, "192.0.2.2", a, b), "another network")
	require.Zero(t, spent(now.Add(29*time.Minute), "192.0.2.1", a, b), "the same hour")
	require.Equal(t, pairQuota, spent(now.Add(30*time.Minute), "192.0.2.1", a, b), "the next hour")
}

func TestQuotaHasABoundForEachNetworkAndInMemory(t *testing.T) {
	var q quota
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	counted := 0
	for range 2 * networkQuota {
		if q.spend(now, "192.0.2.1", newIDs(1)[0], newIDs(1)[0]) {
			counted++
		}
	}
	require.Equal(t, networkQuota, counted)
	for i := range quotaCells {
		q.spend(now, strconv.Itoa(i), newIDs(1)[0], newIDs(1)[0])
	}
	require.LessOrEqual(t, len(q.used), quotaCells)
}
