package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// sqliteTemplate returns the bytes of a migrated database file, made once per process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "catalog-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "catalog.db")
	ctx, cancel := context.WithTimeout(context.Background(), setupTime)
	defer cancel()
	if err := migrate(ctx, "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // closing the database has moved the write-ahead log into it
})

// sqliteCopy returns the URL of a copy of the migrated database.
func sqliteCopy(t testing.TB) string {
	t.Helper()
	content, err := sqliteTemplate()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "catalog.db")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return "sqlite:" + path
}
