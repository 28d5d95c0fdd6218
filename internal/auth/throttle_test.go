package auth_test

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
)

func client(addr string) auth.Client {
	return auth.Client{Address: netip.MustParseAddr(addr)}
}

func TestThrottleCountsEveryFailure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		start := time.Now()
		throttle := auth.NewThrottle(d)
		limits := []auth.Limit{
			{ID: "a", Max: 5, Window: time.Minute},
			{ID: "b", Max: 100, Window: time.Minute, Shared: true},
		}
		var counted, refused atomic.Int32
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				switch err := throttle.Count(t.Context(), limits...); {
				case err == nil:
					counted.Add(1)
				case fault.Is(err, fault.SignInThrottled):
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 5, counted.Load())
		require.EqualValues(t, 7, refused.Load())
		require.Equal(t, 5, d.Reader().Throttle.GetX(t.Context(), "a").Count)
		require.Equal(t, 5, d.Reader().Throttle.GetX(t.Context(), "b").Count, "refused tries count nowhere")

		err := throttle.Check(t.Context(), limits...)
		var refusal *fault.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, fault.Throttled, refusal.Kind)
		require.InDelta(t, 60, refusal.RetryAfter.Seconds(), 5+time.Since(start).Seconds())
	})
}

func TestThrottleWindowIsNeverLengthened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		throttle := auth.NewThrottle(d)
		limit := auth.Limit{ID: "a", Max: 2, Window: time.Minute}
		require.NoError(t, throttle.Count(t.Context(), limit))
		end := d.Reader().Throttle.GetX(t.Context(), "a").ExpireTime
		require.NoError(t, throttle.Count(t.Context(), limit))
		require.Error(t, throttle.Count(t.Context(), limit))
		require.Error(t, throttle.Check(t.Context(), limit))
		require.Equal(t, end, d.Reader().Throttle.GetX(t.Context(), "a").ExpireTime)

		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Throttle.UpdateOneID("a").SetExpireTime(time.Now().UTC().Add(-time.Second)).Exec(ctx)
		}))
		require.NoError(t, throttle.Check(t.Context(), limit))
		require.NoError(t, throttle.Count(t.Context(), limit))
		require.Equal(t, 1, d.Reader().Throttle.GetX(t.Context(), "a").Count, "a new window starts at one")
	})
}

func TestSuccessClearsOnlyItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		throttle := auth.NewThrottle(d)
		limits := []auth.Limit{
			{ID: "a", Max: 2, Window: time.Minute},
			{ID: "b", Max: 100, Window: time.Minute, Shared: true},
		}
		succeed := func() error {
			return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return auth.Succeed(ctx, tx, limits...)
			})
		}
		require.NoError(t, throttle.Count(t.Context(), limits...))
		require.NoError(t, succeed())
		require.Equal(t, "b", d.Reader().Throttle.Query().OnlyIDX(t.Context()))

		require.NoError(t, throttle.Count(t.Context(), limits...))
		require.NoError(t, throttle.Count(t.Context(), limits...))
		require.True(t, fault.Is(succeed(), fault.SignInThrottled), "a success that comes too late is none")
	})
}

func TestSignInLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		throttle := auth.NewThrottle(d)
		fail := func(addr, account string) error {
			limits := auth.SignInLimits(client(addr), account, false)
			if err := throttle.Check(t.Context(), limits...); err != nil {
				return err
			}
			return throttle.Count(t.Context(), limits...)
		}
		for range 10 {
			require.NoError(t, fail("2001:db8::1", "ana@example.com"))
		}
		require.Error(t, fail("2001:db8::1", "ana@example.com"))
		require.Error(t, fail("2001:db8::2", "ana@example.com"), "a host has all addresses of its /64")
		require.NoError(t, fail("2001:db8:0:1::1", "ana@example.com"), "the owner elsewhere is not locked out")
		require.NoError(t, fail("2001:db8::1", "bea@example.com"), "another account is another count")
		ids, err := d.Reader().Throttle.Query().IDs(t.Context())
		require.NoError(t, err)
		for _, id := range ids {
			require.Regexp(t, `^[a-z-]+:[0-9a-f]{64}$`, id, "addresses are not stored")
		}
	})
}

func TestManyNetworksCannotGuessOneAccountForever(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		throttle := auth.NewThrottle(d)
		var err error
		for i := 0; err == nil && i <= 100; i++ {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String()
			err = throttle.Count(t.Context(), auth.SignInLimits(client(addr), "ana@example.com", false)...)
		}
		require.True(t, fault.Is(err, fault.SignInThrottled), err)
		known := auth.SignInLimits(client("198.51.100.7"), "ana@example.com", true)
		require.NoError(t, throttle.Check(t.Context(), known...), "where the owner signed in before")
	})
}
