package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
)

// TestBackup backs up the database of a running server and starts another server on the copy, which must have the same
// catalog and work independently.
func TestBackup(t *testing.T) {
	s := newServer(t, "sqlite", 2)
	p := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product("kept")})["product"].(object)
	file := filepath.Join(t.TempDir(), "backup.db")
	output, err := s.process.Command(t.Context(), "backup", file).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), file)
	s.must(t, "admin", "ProductService/CreateProduct", object{"product": product("later")})
	output, err = s.process.Command(t.Context(), "backup", file).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), file+": file already exists")

	restored := prepareProgram(t, program, t.TempDir())
	require.NoError(t, os.Rename(file, filepath.Join(restored.dataDir, "catalog.db")))
	restored.start(t)
	restored.tokens["admin"] = s.tokens["admin"] // the keys are in the database
	found := restored.must(t, "", "ProductService/ListProducts", object{"query": "kept"})
	require.NoError(t, match("", []any{p}, found["products"]))
	all := restored.must(t, "second", "ProductService/ListProducts", nil)
	require.Len(t, all["products"], 1)
	history := restored.must(t, "admin", "ProductService/ListProductChanges", nil)
	require.Len(t, history["changes"], 1)
	restored.must(t, "admin", "ProductService/CreateProduct", object{"product": product("later")})
}

// TestBackupSaysWhatItCannotDo names the way to back up PostgreSQL, and a database that is not there.
func TestBackupSaysWhatItCannotDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "backup.db")
	for dialect, problem := range map[string]string{"postgres": "pg_dump", "sqlite": "no such file"} {
		s := prepareProgram(t, program, t.TempDir(), "CATALOG_DATABASE_URL="+dbtest.URL(t, dialect))
		output, err := s.process.Command(t.Context(), "backup", file).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(output), problem)
	}
	require.NoFileExists(t, file)
}
