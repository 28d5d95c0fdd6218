package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// brandsVersion is the version that builds an index outside of a transaction.
const brandsVersion = 20261126220000

// forgetBrands brings a database back to where a process was killed while it built the index.
func forgetBrands(t *testing.T, d *db.DB) {
	t.Helper()
	_, err := d.SQL().ExecContext(t.Context(), "DELETE FROM schema_versions WHERE version_id = $1", brandsVersion)
	require.NoError(t, err)
	_, err = d.SQL().ExecContext(t.Context(),
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'product_brand_list'::regclass")
	require.NoError(t, err)
}

func isBrandsIndexValid(t *testing.T, d *db.DB) (valid bool) {
	t.Helper()
	row := d.SQL().QueryRowContext(t.Context(),
		"SELECT indisvalid FROM pg_index WHERE indexrelid = 'product_brand_list'::regclass")
	require.NoError(t, row.Scan(&valid))
	return valid
}

func TestHalfBuiltIndexIsBuiltAnew(t *testing.T) {
	d := dbtest.New(t, "postgres")
	require.True(t, isBrandsIndexValid(t, d))
	forgetBrands(t, d)
	require.False(t, isBrandsIndexValid(t, d))
	require.NoError(t, d.Migrate(t.Context()))
	require.True(t, isBrandsIndexValid(t, d))
}

// A transaction that has written makes the migration wait, and nobody else with it.
func TestWritersGoOnWhileAnIndexIsBuilt(t *testing.T) {
	d := dbtest.New(t, "postgres")
	forgetBrands(t, d)
	tx, err := d.SQL().BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE products IN ROW EXCLUSIVE MODE") // as a writer's statement does
	require.NoError(t, err)
	migrated := make(chan error, 1)
	go func() { migrated <- d.Migrate(t.Context()) }()
	require.Eventually(t, func() bool {
		var waits bool
		row := d.SQL().QueryRowContext(t.Context(), `SELECT count(*) > 0 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'`)
		require.NoError(t, row.Scan(&waits))
		return waits
	}, 30*time.Second, 10*time.Millisecond)
	createProduct(t, d, "MEANWHILE", "")
	require.Empty(t, migrated)
	require.NoError(t, tx.Rollback())
	require.NoError(t, <-migrated)
	require.True(t, isBrandsIndexValid(t, d))
}
