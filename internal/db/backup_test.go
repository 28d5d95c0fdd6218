package db_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// A backup contains whole transactions, including all that were committed before it began, and does not block writers.
func TestBackupWhileOthersWrite(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	pair := func(i int) error {
		return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Throttle.MapCreateBulk([]string{"a", "b"}, func(c *ent.ThrottleCreate, n int) {
				c.SetID([]string{"a", "b"}[n] + fmt.Sprint(i)).SetExpireTime(time.Now())
			}).Exec(ctx)
		})
	}
	const before, during = 20, 200
	for i := range before {
		require.NoError(t, pair(i))
	}
	began := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range during {
			if i == during/4 {
				close(began)
			}
			assert.NoError(t, pair(before+i))
		}
	})
	<-began
	path := filepath.Join(t.TempDir(), "backup.db")
	size, err := d.Backup(t.Context(), path)
	require.NoError(t, err)
	writer.Wait()

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, size, info.Size())
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	saved := dbtest.Open(t, "sqlite:"+path)
	pending, err := saved.Pending(t.Context())
	require.NoError(t, err)
	require.Empty(t, pending)
	rows, err := saved.Reader().Throttle.Query().Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, rows%2, "half a transaction")
	require.GreaterOrEqual(t, rows, 2*(before+during/4))
	all, err := d.Reader().Throttle.Query().Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2*(before+during), all)
}

func TestBackupReplacesNothing(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	dir := t.TempDir()
	path := filepath.Join(dir, "backup.db")
	require.NoError(t, os.WriteFile(path, []byte("another"), 0o600))
	_, err := d.Backup(t.Context(), path)
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorContains(t, err, path)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "another", string(content))

	_, err = d.Backup(t.Context(), filepath.Join(dir, "missing", "backup.db"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.Backup(ctx, filepath.Join(dir, "late.db"))
	require.ErrorIs(t, err, context.Canceled)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing half-done stays")
}

func TestBackupIsForSQLite(t *testing.T) {
	_, err := dbtest.New(t, "postgres").Backup(t.Context(), filepath.Join(t.TempDir(), "backup.db"))
	require.ErrorIs(t, err, db.ErrNotSQLite)
}
