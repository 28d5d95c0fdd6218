package main

import (
	"io/fs"
	"sync"
	"testing"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/db/migrations"
	"github.com/zebrands/catalog/test/dbtest"
)

var loadTables = sync.OnceValues(tables)

// entTables returns the tables of ent/schema, for tests to read.
func entTables(t *testing.T) []*schema.Table {
	t.Helper()
	tables, err := loadTables()
	require.NoError(t, err)
	return tables
}

// The versions must make what ent/schema describes, and none may have been edited since it was summed.
func TestMigrationsMatchSchema(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		missing, err := plan(t.Context(), d, request{name: "missing", tables: entTables(t)})
		require.NoError(t, err, "ent/schema has changed")
		if missing != nil {
			files, err := sqltool.GooseFormatter.Format(missing)
			require.NoError(t, err)
			t.Fatalf("ent/schema has changed: run make migration NAME=what_changed. It will write:\n%s", files[0].Bytes())
		}
	})
}

func TestChecksums(t *testing.T) {
	for _, name := range []string{"postgres", "sqlite3"} {
		t.Run(name, func(t *testing.T) {
			folder, err := migrations.FS(name)
			require.NoError(t, err)
			dir := &atlas.MemDir{}
			require.NoError(t, copyFS(dir, folder))
			require.NoError(t, atlas.Validate(dir),
				"a version was edited, which those who have applied it will never see: "+
					"undo it and add another; if it is new, run make migration-hash")
		})
	}
}

func copyFS(dir atlas.Dir, from fs.FS) error {
	return fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return dir.WriteFile(path, content)
	})
}
