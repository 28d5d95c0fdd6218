package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestLock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		lock, err := d.TryLock(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, lock.Check(t.Context()))
		_, err = d.TryLock(t.Context(), "a")
		require.ErrorIs(t, err, db.ErrLocked)
		other, err := d.TryLock(t.Context(), "b")
		require.NoError(t, err)
		require.NoError(t, other.Release())

		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Millisecond)
		defer cancel()
		_, err = d.Lock(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)

		waiting := make(chan error, 1)
		go func() {
			lock, err := d.Lock(context.Background(), "a")
			if err == nil {
				err = lock.Release()
			}
			waiting <- err
		}()
		require.NoError(t, lock.Release())
		require.NoError(t, <-waiting)
	})
}

func TestLockIsLostWithItsSession(t *testing.T) {
	d := dbtest.New(t, "postgres")
	lock, err := d.TryLock(t.Context(), "a")
	require.NoError(t, err)
	_, err = d.SQL().ExecContext(t.Context(),
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	require.NoError(t, err)
	require.Error(t, lock.Check(t.Context()))
	second, err := d.TryLock(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, lock.Release())
	require.NoError(t, second.Check(t.Context()))
	require.NoError(t, second.Release())
}
