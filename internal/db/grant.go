package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
)

// maintainVersion is the first PostgreSQL that knows the right to maintain a table.
const maintainVersion = 170000

// ErrNoRoles is returned by Grant on SQLite.
var ErrNoRoles = errors.New("db: SQLite has no roles to grant rights to")

// Grant lets a role that exists use what Migrate made, and what it will make when it runs as the same
// user: read and write rows, but neither change the schema nor say which versions it has. A process
// that connects as the role can serve, not migrate. Can be repeated. Returns ErrNoRoles on SQLite.
func (d *DB) Grant(ctx context.Context, role string) error {
	if d.dialect != dialect.Postgres {
		return ErrNoRoles
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	statements, err := grants(ctx, tx, pq.QuoteIdentifier(role))
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
func grants(ctx context.Context, tx *sql.Tx, role string) ([]string, error) {
	var schema string
	var version int
	err := tx.QueryRowContext(ctx, "SELECT current_schema(), current_setting('server_version_num')::int").
		Scan(&schema, &version)
	if err != nil {
		return nil, fmt.Errorf("grant: %w", err)
	}
	schema = pq.QuoteIdentifier(schema)
	const rows, numbers = "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"
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
	return statements, nil
}
