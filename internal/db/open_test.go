package db_test

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
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

func TestTheFileKeepsNothingThatWasDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	d, err := db.Open(t.Context(), "sqlite:"+path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, d.Migrate(t.Context()))
	const secret = "Zacarias Quux"
	file := func() string {
		_, err := d.SQL().ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(content)
	}
	tx := func(write func(ctx context.Context, tx *ent.Tx) error) {
		require.NoError(t, d.InTx(t.Context(), write))
	}
	tx(func(ctx context.Context, tx *ent.Tx) error {
		rows := make([]*ent.AdminCreate, 100)
		for i := range rows {
			rows[i] = tx.Admin.Create().SetEmail(fmt.Sprintf("z%d@example.com", i)).SetName(secret)
		}
		return tx.Admin.CreateBulk(rows...).Exec(ctx)
	})
	require.Contains(t, file(), secret, "the search finds what is there")
	tx(func(ctx context.Context, tx *ent.Tx) error {
		return tx.Admin.Update().SetName("Former administrator 3f2a9c01").Exec(ctx)
	})
	require.NotContains(t, file(), secret)
	require.NoError(t, d.Close())
}

func TestConnectionsToPostgresHaveTheirSettings(t *testing.T) {
	d := dbtest.New(t, "postgres")
	for name, want := range map[string]string{"jit": "off", "idle_in_transaction_session_timeout": "15s"} {
		var got string
		require.NoError(t, d.ReadSQL().QueryRowContext(t.Context(), "SHOW "+name).Scan(&got))
		require.Equal(t, want, got, name)
	}
}
