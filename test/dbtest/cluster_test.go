package dbtest_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

func TestClusterComesBackAfterACrash(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), wait.Patience)
	t.Cleanup(cancel)
	cluster, err := dbtest.StartCluster(ctx, "synchronous_commit=on")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	pool, err := sql.Open("postgres", cluster.URL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	_, err = pool.ExecContext(ctx, "CREATE TABLE kept AS SELECT 1 AS n")
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, cluster.Crash())
		require.Error(t, pool.PingContext(ctx))
		require.NoError(t, cluster.Start(ctx))
		var n int
		require.NoError(t, pool.QueryRowContext(ctx, "SELECT n FROM kept").Scan(&n))
		require.Equal(t, 1, n)
	}
}
