package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
)

// maintainVersion is the first PostgreSQL version with the privilege MAINTAIN.
const maintainVersion = 170000

// ErrNoRoles is returned by Grant on SQLite.
var ErrNoRoles = errors.New("db: SQLite has no roles to grant rights to")

// Access is the access of a role to the tables that determine who is an administrator.
type Access struct {
	// SignsIn grants full access, for processes in which administrators sign in and are managed.
	SignsIn bool
	// SendsLinks grants reading administrators and creating the one-time tokens in their mails.
	SendsLinks bool
}

// guarded are the tables that determine who is an administrator, and the audit trail. Write access to them allows
// privilege escalation, or hides it.
var guarded = []string{
	"admins", "sessions", "refresh_tokens", "one_time_tokens", "throttles", "signing_keys", "verification_keys",
	"api_keys", "passkeys", "passkey_challenges", "recovery_codes", "security_policies", "security_events",
}

const rows = "SELECT, INSERT, UPDATE, DELETE"

// Grant grants an existing role access to the objects of Migrate, including future ones of the same owner: it can read
// and write rows, but cannot change the schema or its version. A process that connects as the role can serve, but not
// migrate. Without SignsIn it can authenticate callers, but can neither read a signing secret nor create an
// administrator. Grant is idempotent, and revokes privileges that an earlier call granted and this one does not.
// Returns ErrNoRoles on SQLite.
func (d *DB) Grant(ctx context.Context, role string, access Access) error {
	if d.dialect != dialect.Postgres {
		return ErrNoRoles
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after the commit
	statements, err := grants(ctx, tx, pq.QuoteIdentifier(role), access)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("grant to %s: %w", role, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	return nil
}

// grants returns the statements for a quoted role.
func grants(ctx context.Context, tx *sql.Tx, role string, access Access) ([]string, error) {
	var schema string
	var version int
	err := tx.QueryRowContext(ctx, "SELECT current_schema(), current_setting('server_version_num')::int").
		Scan(&schema, &version)
	if err != nil {
		return nil, fmt.Errorf("grant: %w", err)
	}
	schema = pq.QuoteIdentifier(schema)
	const numbers = "USAGE, SELECT"
	statements := []string{
		"GRANT USAGE ON SCHEMA " + schema + " TO " + role,
		"GRANT " + rows + " ON ALL TABLES IN SCHEMA " + schema + " TO " + role,
		"GRANT " + numbers + " ON ALL SEQUENCES IN SCHEMA " + schema + " TO " + role,
		"ALTER DEFAULT PRIVILEGES IN SCHEMA " + schema + " GRANT " + rows + " ON TABLES TO " + role,
		"ALTER DEFAULT PRIVILEGES IN SCHEMA " + schema + " GRANT " + numbers + " ON SEQUENCES TO " + role,
		"REVOKE INSERT, UPDATE, DELETE ON " + migrationTable + ", river_migration FROM " + role,
	}
	if version >= maintainVersion {
		// The queue reindexes its tables periodically.
		statements = append(statements, "GRANT MAINTAIN ON river_job TO "+role)
	}
	if access.SignsIn {
		return statements, nil
	}
	return append(statements, guard(role, access)...), nil
}

// guard returns the statements that restrict a quoted role to authenticating callers.
func guard(role string, access Access) []string {
	statements := []string{
		"REVOKE ALL ON " + strings.Join(guarded, ", ") + " FROM " + role,
		"GRANT SELECT (id, name, disabled, delete_time) ON admins TO " + role,
		"GRANT SELECT (id, admin_id, expire_time, end_time) ON sessions TO " + role,
		"GRANT SELECT ON verification_keys TO " + role,
		"GRANT SELECT, UPDATE (last_use_time) ON api_keys TO " + role,
	}
	if access.SendsLinks {
		statements = append(statements,
			// Locking a row requires the privilege to update one of its columns.
			"GRANT SELECT, UPDATE (update_time) ON admins TO "+role,
			"GRANT "+rows+" ON one_time_tokens TO "+role,
			"GRANT SELECT ON security_events TO "+role)
	}
	return statements
}
