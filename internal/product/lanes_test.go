package product

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

func from(ctx context.Context, address string) context.Context {
	return auth.WithClient(ctx, auth.Client{Address: netip.MustParseAddr(address)})
}

func TestAnonymousListsOfOneNetworkAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, bytes := range map[string]int{"cached": 1 << 20, "without a cache": 0} {
			t.Run(name, func(t *testing.T) { testLanes(t, d, bytes) })
		}
	})
}

func testLanes(t *testing.T, d *db.DB, cacheBytes int) {
	t.Helper()
	c, err := newCache(d, cacheBytes)
	require.NoError(t, err)
	hold, began, ended := make(chan struct{}), make(chan struct{}, laneLength), make(chan error, laneLength)
	list := func(ctx context.Context, page int32, hold <-chan struct{}) error {
		req := &catalogv1.ListProductsRequest{PageSize: page}
		_, err := cachedList(ctx, c, "products", req, func(context.Context) (*catalogv1.ListProductsResponse, error) {
			began <- struct{}{}
			<-hold
			return &catalogv1.ListProductsResponse{}, nil
		})
		return err
	}
	free := make(chan struct{})
	close(free)
	require.NoError(t, list(from(t.Context(), "2001:db8::1"), 1000, free))
	<-began
	for page := range int32(laneLength) {
		go func() { ended <- list(from(t.Context(), "2001:db8::1"), page, hold) }()
	}
	for range laneWidth {
		<-began
	}
	wait.For(t, func() bool { return c.anonymous.waiting("2001:db8::/64") == laneLength })
	require.Empty(t, began, "more load at the same time")
	err = list(from(t.Context(), "2001:db8::2"), 999, free)
	require.True(t, fault.Is(err, fault.RateLimited), "%v", err)
	if d.Informed() && cacheBytes > 0 {
		require.NoError(t, list(from(t.Context(), "2001:db8::2"), 1000, free), "it is cached")
	}
	require.NoError(t, list(from(t.Context(), "2001:db8:0:1::1"), 999, free), "another network")
	<-began
	admin := auth.WithPrincipal(from(t.Context(), "2001:db8::1"), auth.Principal{AdminID: uuid.Must(uuid.NewV7())})
	require.NoError(t, list(admin, 998, free))
	<-began
	close(hold)
	for range laneLength {
		require.NoError(t, <-ended)
	}
	require.Zero(t, c.anonymous.waiting("2001:db8::/64"))
}

// A network that has filled its lane keeps no others from a page that it waits for, and has one place for it.
func TestOthersDoNotWaitInTheLane(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		require.NoError(t, d.Watch(t.Context()))
		c, err := newCache(d, 1<<20)
		require.NoError(t, err)
		wait.For(t, d.Informed)
		const popular, callers = 1000, 2 * laneLength
		hold, began, ended := make(chan struct{}), make(chan struct{}, laneWidth), make(chan error, laneWidth+callers)
		list := func(ctx context.Context, page int32) error {
			req := &catalogv1.ListProductsRequest{PageSize: page}
			_, err := cachedList(ctx, c, "products", req, func(context.Context) (*catalogv1.ListProductsResponse, error) {
				if page != popular {
					began <- struct{}{}
					<-hold
				}
				return &catalogv1.ListProductsResponse{}, nil
			})
			return err
		}
		attacker := from(t.Context(), "192.0.2.1")
		for page := range int32(laneWidth) {
			go func() { ended <- list(attacker, page) }()
			<-began
		}
		for range callers {
			go func() { ended <- list(attacker, popular) }()
		}
		wait.For(t, func() bool { return c.anonymous.waiting("192.0.2.1") == laneWidth+1 })
		impatient, cancel := context.WithCancel(attacker)
		cancel()
		require.ErrorIs(t, list(impatient, popular), context.Canceled)
		admin := auth.WithPrincipal(wait.Context(t), auth.Principal{AdminID: uuid.Must(uuid.NewV7())})
		require.NoError(t, list(admin, popular))
		require.NoError(t, list(from(wait.Context(t), "198.51.100.1"), popular))
		close(hold)
		for range laneWidth + callers {
			require.NoError(t, <-ended)
		}
		require.EqualValues(t, laneWidth+1, c.stats().Misses)
	})
}

func TestWhoGivesUpLeavesTheLane(t *testing.T) {
	var l lanes
	ctx := from(t.Context(), "192.0.2.1")
	var leave []func()
	for range laneWidth {
		end, err := l.enter(ctx)
		require.NoError(t, err)
		leave = append(leave, end)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := l.enter(canceled)
	require.ErrorIs(t, err, context.Canceled)
	for _, end := range leave {
		end()
	}
	require.Empty(t, l.byNetwork)
}

// waiting returns the number of lists of a network that load or wait.
func (l *lanes) waiting(network string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lane := l.byNetwork[network]; lane != nil {
		return lane.pending
	}
	return 0
}
