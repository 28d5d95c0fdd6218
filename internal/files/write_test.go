package files_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/files"
)

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func write(path, text string) error {
	return files.Write(path, func(file *os.File) error {
		_, err := file.WriteString(text)
		return err
	})
}

func TestAFileAppearsWhenItIsComplete(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "x")
	require.NoError(t, write(path, "one"))
	require.NoError(t, write(path, "two"))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())

	failed := errors.New("no more")
	require.ErrorIs(t, files.Write(path, func(*os.File) error { return failed }), failed)
	require.Equal(t, []string{"x"}, names(t, folder))
	require.Error(t, write(filepath.Join(folder, "missing", "x"), ""))
}

// TestMain kills itself in the middle of a file if a test asks for it.
func TestMain(m *testing.M) {
	if path := os.Getenv("WRITE_AND_DIE"); path != "" {
		_ = files.Write(path, func(*os.File) error {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			return errors.Join(err, errors.New("still alive"))
		})
		select {}
	}
	os.Exit(m.Run())
}

func TestTheFileOfAKilledProcessIsRemoved(t *testing.T) {
	folder := t.TempDir()
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), "WRITE_AND_DIE="+filepath.Join(folder, "x"))
	require.Error(t, victim.Run())
	require.Len(t, names(t, folder), 1)

	require.NoError(t, files.Write(filepath.Join(folder, "y"), func(*os.File) error {
		require.Len(t, names(t, folder), 1, "its own, not that of the killed process")
		require.NoError(t, write(filepath.Join(folder, "z"), ""))
		require.Len(t, names(t, folder), 2, "a file that a process still writes stays")
		return nil
	}))
	require.Equal(t, []string{"y", "z"}, names(t, folder))
}
