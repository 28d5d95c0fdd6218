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

// maintainVersion is the first PostgreSQL that knows the right to maintain a table.
const maintainVersion = 170000

// ErrNoRoles is returned by Grant on SQLite.
var ErrNoRoles = errors.New("db: SQLite has no roles to grant rights to")

// Access says what a role may do with the tables that say who is an administrator.
type Access struct {
	// SignsIn lets it do everything: administrators sign in and are changed there.
	SignsIn bool
	// SendsLinks lets it know administrators and make the one-time tokens that are mailed to them.
	SendsLinks bool
}

// guarded are the tables that say who is an administrator. Who may write to them can become one.
var guarded = []string{
	"admins", "sessions", "refresh_tokens", "one_time_tokens", "throttles", "signing_keys", "verification_keys",
}

const rows = "SELECT, INSERT, UPDATE, DELETE"

// Grant lets a role that exists use what Migrate made, and what it will make when it runs as the same
// user: read and write rows, but neither change the schema nor say which versions it has. A process
// that connects as the role can serve, not migrate. Without SignsIn it can find out who makes a call, but
// can neither read a secret that signs nor make anybody an administrator. Can be repeated; what an
// earlier call granted and this one does not is revoked. Returns ErrNoRoles on SQLite.
func (d *DB) Grant(ctx context.Context, role string, access Access) error {
	if d.dialect != dialect.Postgres {
		return ErrNoRoles
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
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
		// The queue rebuilds its indexes now and then.
		statements = append(statements, "GRANT MAINTAIN ON river_job TO "+role)
	}
	if access.SignsIn {
		return statements, nil
	}
	return append(statements, guard(role, access)...), nil
}

// guard returns the statements that leave a quoted role what it takes to find out who makes a call.
func guard(role string, access Access) []string {
	statements := []string{
		"REVOKE ALL ON " + strings.Join(guarded, ", ") + " FROM " + role,
		"GRANT SELECT (id, name, disabled, delete_time) ON admins TO " + role,
		"GRANT SELECT (id, admin_id, expire_time, end_time) ON sessions TO " + role,
		"GRANT SELECT ON verification_keys TO " + role,
	}
	if access.SendsLinks {
		statements = append(statements,
			// A row can be locked by whoever may change one of its columns.
			"GRANT SELECT, UPDATE (update_time) ON admins TO "+role,
			"GRANT "+rows+" ON one_time_tokens TO "+role)
	}
	return statements
}
