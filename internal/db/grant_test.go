package db_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/db/dbtest"
)

func TestGrantedRoleServesButDoesNotMigrate(t *testing.T) {
	address := dbtest.URL(t, "postgres")
	owner := dbtest.Open(t, address)
	require.NoError(t, owner.Migrate(t.Context()))
	exec := func(d *db.DB, statement string) error {
		_, err := d.SQL().ExecContext(t.Context(), statement)
		return err
	}
	const role = "Serving \"role\"" // must be quoted
	require.NoError(t, exec(owner, `CREATE ROLE "Serving ""role""" LOGIN PASSWORD 'secret'`))
	t.Cleanup(func() {
		_, err := owner.SQL().ExecContext(context.Background(), `DROP OWNED BY "Serving ""role"""; DROP ROLE "Serving ""role"""`)
		require.NoError(t, err)
	})
	require.NoError(t, owner.Grant(t.Context(), role))
	require.NoError(t, owner.Grant(t.Context(), role), "twice is fine")
	require.NoError(t, exec(owner, "CREATE TABLE later (id bigserial PRIMARY KEY)"))

	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "secret")
	server := dbtest.Open(t, u.String())
	require.NoError(t, server.Migrate(t.Context()), "nothing is left to do")
	require.NoError(t, exec(server, "INSERT INTO later DEFAULT VALUES"), "tables that come later are granted too")
	require.NoError(t, exec(server, "UPDATE products SET version = version"))
	require.NoError(t, exec(server, "DELETE FROM river_job"))
	for _, statement := range []string{
		"CREATE TABLE mine (id int)",
		"ALTER TABLE products ADD COLUMN mine int",
		"TRUNCATE products",
		"DELETE FROM schema_versions",
		"UPDATE river_migration SET version = 1",
	} {
		require.Error(t, exec(server, statement), statement)
	}
}

func TestGrantNeedsARoleAndPostgres(t *testing.T) {
	require.ErrorIs(t, dbtest.New(t, "sqlite").Grant(t.Context(), "catalog"), db.ErrNoRoles)
	require.ErrorContains(t, dbtest.New(t, "postgres").Grant(t.Context(), "nobody"), "nobody")
}
