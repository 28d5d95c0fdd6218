package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// brandsVersion is the version that builds an index without a transaction.
const brandsVersion = 20261126220000

// halfBuilt returns a database in the state in which a process that was killed while it built the index leaves it.
// Later versions are not applied.
func halfBuilt(t *testing.T) *db.DB {
	t.Helper()
	d := dbtest.Open(t, dbtest.URL(t, "postgres"))
	require.NoError(t, d.MigrateTo(t.Context(), brandsVersion))
	require.True(t, isBrandsIndexValid(t, d))
	_, err := d.SQL().ExecContext(t.Context(), "DELETE FROM schema_versions WHERE version_id = $1", brandsVersion)
	require.NoError(t, err)
	_, err = d.SQL().ExecContext(t.Context(),
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'product_brand_list'::regclass")
	require.NoError(t, err)
	require.False(t, isBrandsIndexValid(t, d))
	return d
}

// insertProduct uses the columns of that version: ent may write to columns of later ones.
const insertProduct = `INSERT INTO products (id, create_time, update_time, sku, name, brand, price_minor, price_exponent,
	currency, image_urls, tags, attributes, sku_key, name_key, brand_key, search_text)
	VALUES (gen_random_uuid(), now(), transaction_timestamp(), 'A', 'A', 'A', 1, 2, 'MXN', '[]', '[]', '{}', '', '', '', '')`

func isBrandsIndexValid(t *testing.T, d *db.DB) (valid bool) {
	t.Helper()
	row := d.SQL().QueryRowContext(t.Context(),
		"SELECT indisvalid FROM pg_index WHERE indexrelid = 'product_brand_list'::regclass")
	require.NoError(t, row.Scan(&valid))
	return valid
}

func TestHalfBuiltIndexIsBuiltAnew(t *testing.T) {
	d := halfBuilt(t)
	require.NoError(t, d.Migrate(t.Context()))
	require.True(t, isBrandsIndexValid(t, d))
}

// A transaction that has written blocks the migration, and the migration blocks no other transaction.
func TestWritersGoOnWhileAnIndexIsBuilt(t *testing.T) {
	d := halfBuilt(t)
	tx, err := d.SQL().BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE products IN ROW EXCLUSIVE MODE") // like a writer's statement
	require.NoError(t, err)
	migrated := make(chan error, 1)
	go func() { migrated <- d.Migrate(t.Context()) }()
	wait.For(t, func() bool {
		var waits bool
		row := d.SQL().QueryRowContext(t.Context(), `SELECT count(*) > 0 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'`)
		require.NoError(t, row.Scan(&waits))
		return waits
	})
	_, err = d.SQL().ExecContext(t.Context(), insertProduct)
	require.NoError(t, err)
	require.Empty(t, migrated)
	require.NoError(t, tx.Rollback())
	require.NoError(t, <-migrated)
	require.True(t, isBrandsIndexValid(t, d))
}
