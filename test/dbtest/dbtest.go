// Package dbtest gives tests real databases: SQLite files, and PostgreSQL databases on a server that
// is thrown away when the test process ends.
package dbtest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
)

// setupTime bounds what a test waits for its database, the start of a server included.
const setupTime = 2 * time.Minute

// Each runs fn as the subtests "sqlite" and "postgres", each on a fresh migrated database.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, name := range Dialects() {
		t.Run(name, func(t *testing.T) { fn(t, New(t, name)) })
	}
}

// Dialects returns the names of every supported database.
func Dialects() []string { return []string{"sqlite", "postgres"} }

// New returns a fresh migrated database of a dialect ("sqlite" or "postgres"), which is closed and
// removed when the test ends.
func New(t testing.TB, name string, options ...db.Option) *db.DB {
	t.Helper()
	return Open(t, migratedURL(t, name), options...)
}

// Open opens the database at a URL as it is, and closes it when the test ends.
func Open(t testing.TB, url string, options ...db.Option) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url, slog.New(slog.DiscardHandler), options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// URL returns the URL of a fresh, empty database of a dialect ("sqlite" or "postgres"), which is
// removed when the test ends.
func URL(t testing.TB, name string) string {
	t.Helper()
	if name == "sqlite" {
		return "sqlite:" + t.TempDir() + "/catalog.db"
	}
	return createDatabase(t, server(t), "template0")
}

func migratedURL(t testing.TB, name string) string {
	t.Helper()
	if name == "sqlite" {
		return sqliteCopy(t)
	}
	return createDatabase(t, server(t), postgresTemplate(t))
}

// migrate brings the database at a URL up to date.
func migrate(ctx context.Context, url string) error {
	d, err := db.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx); err != nil {
		_ = d.Close()
		return err
	}
	return d.Close()
}
