package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/files"
)

func open(t *testing.T, root *os.Root, flag int) *os.File {
	t.Helper()
	file, err := root.OpenFile("x", flag, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() }) // some tests close it themselves
	return file
}

func tryLock(t *testing.T, file *os.File) bool {
	t.Helper()
	locked, err := files.TryLock(file)
	require.NoError(t, err)
	return locked
}

func folder(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, root.Close()) })
	return root
}

func TestALockIsOneOpeningsUntilItIsClosed(t *testing.T) {
	root := folder(t)
	first := open(t, root, os.O_CREATE|os.O_RDWR|os.O_APPEND)
	second := open(t, root, os.O_RDONLY)
	require.True(t, tryLock(t, first))
	require.False(t, tryLock(t, second))
	require.NoError(t, first.Close())
	require.True(t, tryLock(t, second))
}

func TestALockedFileIsWrittenReadRenamedAndRemoved(t *testing.T) {
	root := folder(t)
	writer := open(t, root, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND)
	require.True(t, tryLock(t, writer))
	_, err := writer.WriteString("kept")
	require.NoError(t, err)
	content, err := root.ReadFile("x")
	require.NoError(t, err)
	require.Equal(t, "kept", string(content))
	require.NoError(t, root.Rename("x", "y"))
	require.NoError(t, root.Remove("y"))
	_, err = root.Stat("y")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = writer.WriteString("gone")
	require.NoError(t, err)
}

func TestFoldersAreSynced(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x"), nil, 0o600))
	opened, err := os.Open(dir)
	require.NoError(t, err)
	require.NoError(t, files.SyncFolder(opened))
	require.NoError(t, opened.Close())
}
