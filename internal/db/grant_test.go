package db_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
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
	all := db.Access{SignsIn: true, SendsLinks: true}
	require.NoError(t, owner.Grant(t.Context(), role, db.Access{}))
	require.NoError(t, owner.Grant(t.Context(), role, all), "the last one counts")
	require.NoError(t, owner.Grant(t.Context(), role, all), "twice is fine")
	require.NoError(t, exec(owner, "CREATE TABLE later (id bigserial PRIMARY KEY)"))

	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "secret")
	server := dbtest.Open(t, u.String())
	require.NoError(t, server.Migrate(t.Context()), "nothing is left to do")
	require.NoError(t, exec(server, "INSERT INTO later DEFAULT VALUES"), "tables that come later are granted too")
	require.NoError(t, exec(server, "UPDATE products SET version = version"))
	require.NoError(t, exec(server, "DELETE FROM river_job"))
	require.NoError(t, exec(server, "SELECT private_key FROM signing_keys"))
	require.NoError(t, exec(server, "UPDATE admins SET password_hash = ''"))
	for _, statement := range []string{
		"CREATE TABLE mine (id int)",
		"ALTER TABLE products ADD COLUMN mine int",
		"TRUNCATE products",
		"DELETE FROM schema_versions",
		"UPDATE river_migration SET version = 1",
	} {
		require.Error(t, exec(server, statement), statement)
	}

	require.NoError(t, owner.Grant(t.Context(), role, db.Access{}))
	requireNoAdministratorIsMade(t, server)
	for _, statement := range []string{
		"SELECT email FROM admins",
		"SELECT password_hash FROM admins",
		"SELECT id FROM one_time_tokens",
	} {
		require.ErrorContains(t, exec(server, statement), "permission denied", statement)
	}

	require.NoError(t, owner.Grant(t.Context(), role, db.Access{SendsLinks: true}))
	requireNoAdministratorIsMade(t, server)
	require.NoError(t, exec(server, "SELECT id, password_hash FROM admins FOR UPDATE"))
	require.NoError(t, exec(server, "DELETE FROM one_time_tokens"))
}

// requireNoAdministratorIsMade checks that a process without the role admin can do its work, and that an attacker who
// controls it cannot sign a token or change an administrator.
func requireNoAdministratorIsMade(t *testing.T, server *db.DB) {
	t.Helper()
	for _, statement := range []string{
		`SELECT a.name FROM sessions s JOIN admins a ON a.id = s.admin_id
			WHERE s.id = gen_random_uuid() AND s.admin_id = gen_random_uuid() AND s.expire_time > now()
			AND s.end_time IS NULL AND a.delete_time IS NULL AND NOT a.disabled`,
		"SELECT public_key FROM verification_keys",
		`SELECT k.name FROM api_keys k JOIN admins a ON a.id = k.admin_id
			WHERE k.digest = '' AND k.revoke_time IS NULL AND (k.expire_time IS NULL OR k.expire_time > now())`,
		"UPDATE api_keys SET last_use_time = now() WHERE last_use_time IS NULL",
		"UPDATE products SET version = version",
		"DELETE FROM river_job",
		"DELETE FROM pauses",
	} {
		_, err := server.SQL().ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	for _, statement := range []string{
		"SELECT private_key FROM signing_keys",
		"DELETE FROM signing_keys",
		"DELETE FROM verification_keys",
		"UPDATE verification_keys SET public_key = ''",
		"UPDATE admins SET password_hash = ''",
		"UPDATE admins SET disabled = false",
		"DELETE FROM admins",
		"UPDATE sessions SET end_time = NULL",
		"DELETE FROM sessions",
		"SELECT id FROM refresh_tokens",
		"DELETE FROM refresh_tokens",
		"DELETE FROM throttles",
		"UPDATE api_keys SET digest = ''",
		"UPDATE api_keys SET revoke_time = NULL",
		"DELETE FROM api_keys",
		"SELECT credential FROM passkeys",
		"DELETE FROM passkeys",
		"DELETE FROM passkey_challenges",
		"SELECT id FROM recovery_codes",
		"DELETE FROM recovery_codes",
		"UPDATE security_policies SET require_second_factor = false",
		"DELETE FROM security_policies",
		"UPDATE security_events SET actor_name = ''",
		"DELETE FROM security_events",
	} {
		_, err := server.SQL().ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, "permission denied", statement)
	}
}

func TestGrantNeedsARoleAndPostgres(t *testing.T) {
	require.ErrorIs(t, dbtest.New(t, "sqlite").Grant(t.Context(), "catalog", db.Access{}), db.ErrNoRoles)
	require.ErrorContains(t, dbtest.New(t, "postgres").Grant(t.Context(), "nobody", db.Access{}), "nobody")
}
