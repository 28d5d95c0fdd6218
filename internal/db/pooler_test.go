package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

func open(t *testing.T, url string, options ...db.Option) error {
	t.Helper()
	d, err := db.Open(t.Context(), url, slog.New(slog.DiscardHandler), options...)
	if err == nil {
		require.NoError(t, d.Close())
	}
	return err
}

func TestPoolersThatShareSessionsAreRefused(t *testing.T) {
	direct := dbtest.URL(t, "postgres")
	for _, mode := range []string{"transaction", "statement"} {
		for _, sessions := range []int{1, 2, 3, 20} {
			for _, settings := range []string{"", "server_round_robin = 1"} {
				t.Run(fmt.Sprint(mode, sessions, settings), func(t *testing.T) {
					through := dbtest.NewPgBouncer(t, direct, mode, sessions, settings)
					for range 3 { // a later start finds other sessions, and what the earlier one left
						err := open(t, through)
						require.ErrorContains(t, err, "PgBouncer")
						require.ErrorContains(t, err, mode)
						require.ErrorContains(t, err, "pool_mode=session")
						require.ErrorContains(t, err, "direct address")
						require.NotContains(t, err.Error(), "\n")
					}
				})
			}
		}
	}
}

// The pooler is found also while others use its sessions.
func TestABusyPoolerThatSharesSessionsIsRefused(t *testing.T) {
	through := dbtest.NewPgBouncer(t, dbtest.URL(t, "postgres"), "transaction", 4)
	ctx, stop := context.WithCancel(t.Context())
	others, err := sql.Open("postgres", through)
	require.NoError(t, err)
	defer others.Close()
	var busy sync.WaitGroup
	for range 8 {
		busy.Go(func() {
			for ctx.Err() == nil {
				_, _ = others.ExecContext(ctx, "SELECT pg_sleep(0.002)")
			}
		})
	}
	defer busy.Wait()
	defer stop()
	for range 10 {
		require.ErrorContains(t, open(t, through), "pool_mode=session")
	}
}

func TestEverythingWorksBehindAPoolerInSessionMode(t *testing.T) {
	direct := dbtest.URL(t, "postgres")
	through := dbtest.NewPgBouncer(t, direct, "session", 20)
	for range 2 { // the second time with the sessions of the first
		d := dbtest.Open(t, through, db.MaxConns(4))
		require.NoError(t, d.Migrate(t.Context()))
		require.NoError(t, d.Watch(t.Context()))
		wait.For(t, d.Informed)
		lock, err := d.Lock(t.Context(), "a")
		require.NoError(t, err)
		other := dbtest.Open(t, through, db.MaxConns(4))
		_, err = other.TryLock(t.Context(), "a")
		require.ErrorIs(t, err, db.ErrLocked)
		require.NoError(t, lock.Release())

		seen := observe(d)
		heard := make(chan string, 1)
		unsubscribe := d.Subscribe("topic", func(text string) { heard <- text })
		id := dbtest.CreateProduct(t, other, uuid.NewString(), "")
		wait.For(t, func() bool { return seen.of(id) == 1 })
		require.NoError(t, other.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return db.Publish(ctx, tx, "topic", "text")
		}))
		require.Equal(t, "text", <-heard)
		unsubscribe()
		require.NoError(t, other.Close())
		require.NoError(t, d.Close())
	}
}

func TestAPoolOfSessionsThatIsTooSmallIsNamed(t *testing.T) {
	direct := dbtest.URL(t, "postgres")
	for _, sessions := range []int{1, 3, 5} {
		t.Run(fmt.Sprint(sessions), func(t *testing.T) {
			through := dbtest.NewPgBouncer(t, direct, "session", sessions)
			start := func() error {
				d, err := db.Open(t.Context(), through, slog.New(slog.DiscardHandler), db.MaxConns(7))
				if err != nil {
					return err
				}
				defer d.Close()
				return d.Watch(t.Context())
			}
			err := start()
			require.ErrorContains(t, err, "its pool is too small: this process needs 9 sessions")
			require.ErrorContains(t, err, "CATALOG_DATABASE_MAX_CONNS")
			require.Equal(t, 1, strings.Count(err.Error(), "too small"))
			require.True(t, db.IsUnavailable(err))
		})
	}
}
