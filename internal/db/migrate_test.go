package db_test

import (
	"context"
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

// During a rolling update, the previous release must start on the new schema.
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

func TestSearchFollowsProducts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := dbtest.CreateProduct(t, d, "A-1", "creme brulee  2024 крем")
		dbtest.CreateProduct(t, d, "A-2", "")
		for _, words := range []string{"creme", "cr", "c", "bru cre", "2024", "крем", "кр"} {
			require.Equal(t, []uuid.UUID{id}, dbtest.Search(t, d, words), words)
		}
		require.Empty(t, dbtest.Search(t, d, "creme caramel"))
		require.Empty(t, dbtest.Search(t, d, "rulee"))

		update := func(change func(*ent.ProductUpdateOne) *ent.ProductUpdateOne) {
			require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return change(tx.Product.UpdateOneID(id)).Exec(ctx)
			}))
		}
		update(func(u *ent.ProductUpdateOne) *ent.ProductUpdateOne { return u.SetName("Other") })
		require.Equal(t, []uuid.UUID{id}, dbtest.Search(t, d, "creme"))
		update(func(u *ent.ProductUpdateOne) *ent.ProductUpdateOne { return u.SetSearchText("caramel") })
		require.Empty(t, dbtest.Search(t, d, "creme"))
		require.Equal(t, []uuid.UUID{id}, dbtest.Search(t, d, "caramel"))

		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.DeleteOneID(id).Exec(ctx)
		}))
		require.Empty(t, dbtest.Search(t, d, "caramel"))
	})
}

// A migration needs more than one connection: a lock occupies one.
func TestMigrateWithFewConnections(t *testing.T) {
	d := dbtest.Open(t, dbtest.URL(t, "postgres"), db.MaxConns(1))
	require.NoError(t, d.Migrate(t.Context()))
}
