package db_test

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// The folder may be readable by others.
func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o755))
	path := filepath.Join(folder, "catalog.db")
	d, err := db.Open(t.Context(), "sqlite:"+path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	require.NoError(t, d.Migrate(t.Context()))
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Contains(t, files, path+"-wal")
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode(), file)
	}
}

func TestConnectionsToPostgresHaveTheirSettings(t *testing.T) {
	d := dbtest.New(t, "postgres")
	for name, want := range map[string]string{"jit": "off", "idle_in_transaction_session_timeout": "15s"} {
		var got string
		require.NoError(t, d.ReadSQL().QueryRowContext(t.Context(), "SHOW "+name).Scan(&got))
		require.Equal(t, want, got, name)
	}
}
