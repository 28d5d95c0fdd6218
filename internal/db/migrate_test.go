package db_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestMigrateFromSeveralProcessesAtOnce(t *testing.T) {
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			const processes = 4
			url := dbtest.URL(t, name)
			handles := make([]*db.DB, processes)
			for i := range handles {
				handles[i] = dbtest.Open(t, url)
			}
			pending, err := handles[0].Pending(t.Context())
			require.NoError(t, err)
			require.Contains(t, strings.Join(pending, " "), "init.sql")
			require.Contains(t, strings.Join(pending, " "), "river 001")

			var wg sync.WaitGroup
			errs := make([]error, processes)
			for i, d := range handles {
				wg.Go(func() { errs[i] = d.Migrate(context.Background()) })
			}
			wg.Wait()
			for _, err := range errs {
				require.NoError(t, err)
			}
			pending, err = handles[0].Pending(t.Context())
			require.NoError(t, err)
			require.Empty(t, pending)
		})
	}
}

// While replicas are replaced one by one, the release before must start on the new schema.
func TestMigrateLeavesANewerSchemaAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, err := d.SQL().ExecContext(t.Context(),
			"INSERT INTO schema_versions (version_id, is_applied) VALUES (20990101000000, true)")
		require.NoError(t, err)
		_, err = d.SQL().ExecContext(t.Context(), "INSERT INTO river_migration (line, version) VALUES ('main', 999)")
		require.NoError(t, err)

		require.NoError(t, d.Migrate(t.Context()))
		pending, err := d.Pending(t.Context())
		require.NoError(t, err)
		require.Empty(t, pending)
	})
}

func TestMigrateGivesUpWhenTheCallerDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, d.Migrate(ctx), context.Canceled)
		require.NoError(t, d.Migrate(t.Context()))
	})
}

// The queries are those that the search migrations state.
func TestSearchFollowsProducts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := createProduct(t, d, "A-1", "creme brulee  2024 крем")
		createProduct(t, d, "A-2", "")
		for _, words := range []string{"creme", "cr", "c", "bru cre", "2024", "крем", "кр"} {
			require.Equal(t, []uuid.UUID{id}, search(t, d, words), words)
		}
		require.Empty(t, search(t, d, "creme caramel"))
		require.Empty(t, search(t, d, "rulee"))

		update := func(change func(*ent.ProductUpdateOne) *ent.ProductUpdateOne) {
			require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return change(tx.Product.UpdateOneID(id)).Exec(ctx)
			}))
		}
		update(func(u *ent.ProductUpdateOne) *ent.ProductUpdateOne { return u.SetName("Other") })
		require.Equal(t, []uuid.UUID{id}, search(t, d, "creme"))
		update(func(u *ent.ProductUpdateOne) *ent.ProductUpdateOne { return u.SetSearchText("caramel") })
		require.Empty(t, search(t, d, "creme"))
		require.Equal(t, []uuid.UUID{id}, search(t, d, "caramel"))

		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.DeleteOneID(id).Exec(ctx)
		}))
		require.Empty(t, search(t, d, "caramel"))
	})
}

func search(t *testing.T, d *db.DB, words string) []uuid.UUID {
	t.Helper()
	query, prefix, and := "search_vector @@ CAST($1 AS tsquery)", `'%s':*`, " & "
	if d.Dialect() == "sqlite3" {
		query = `id IN (SELECT d.product_id
			FROM product_search JOIN product_search_docs d ON d.doc_id = product_search.rowid
			WHERE product_search MATCH ?)`
		prefix, and = `"%s"*`, " "
	}
	var parts []string
	for word := range strings.FieldsSeq(words) {
		parts = append(parts, strings.ReplaceAll(prefix, "%s", word))
	}
	rows, err := d.ReadSQL().QueryContext(t.Context(),
		"SELECT id FROM products WHERE delete_time IS NULL AND "+query, strings.Join(parts, and))
	require.NoError(t, err)
	return scanIDs(t, rows)
}

func scanIDs(t *testing.T, rows *sql.Rows) []uuid.UUID {
	t.Helper()
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err())
	return ids
}

// createProduct adds a product whose other fields do not matter.
func createProduct(t testing.TB, d *db.DB, sku, searchText string) (id uuid.UUID) {
	t.Helper()
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		id = newProduct(tx, sku).SetSearchText(searchText).SaveX(ctx).ID
		return nil
	}))
	return id
}

func newProduct(tx *ent.Tx, sku string) *ent.ProductCreate {
	return tx.Product.Create().SetSku(sku).SetName("Name").SetBrand("Brand").
		SetPriceMinor(12990).SetPriceExponent(2).SetCurrency("MXN").
		SetSkuKey([]byte(sku)).SetNameKey([]byte("name")).SetBrandKey([]byte("brand")).SetSearchText("")
}

// Migrating takes more connections than one: a lock has its own.
func TestMigrateWithFewConnections(t *testing.T) {
	d := dbtest.Open(t, dbtest.URL(t, "postgres"), db.MaxConns(1))
	require.NoError(t, d.Migrate(t.Context()))
}
