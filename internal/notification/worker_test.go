package notification_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/notification"
)

func TestBackoffGrowsWithinLimits(t *testing.T) {
	want := 2 * time.Second
	for tries := 1; tries <= 100; tries++ {
		for range 100 {
			wait := notification.Backoff(tries)
			require.GreaterOrEqual(t, wait, want*4/5)
			require.LessOrEqual(t, wait, want*6/5)
		}
		want = min(2*want, 30*time.Minute)
	}
	require.Positive(t, notification.Backoff(0))
}
