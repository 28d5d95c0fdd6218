// Package migrations holds the schema's versions, one folder for each database, in goose's format.
//
// After a change of ent/schema, `make migration NAME=what_changed` adds a version to both folders; a
// test fails until then. What a schema of Ent cannot say, such as full-text search, is written by hand;
// `make migration-hash` then brings atlas.sum up to date. A version that was released is never edited.
//
// The release before must keep working on the new schema, because replicas are replaced one by one:
// add first, and drop in a later release.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed postgres sqlite
var files embed.FS

// FS returns the versions of a dialect, with their checksum file, atlas.sum.
func FS(dialect string) (fs.FS, error) {
	folder := map[string]string{"postgres": "postgres", "sqlite3": "sqlite"}[dialect]
	if folder == "" {
		return nil, fmt.Errorf("migrations: no database is called %q", dialect)
	}
	return fs.Sub(files, folder)
}
