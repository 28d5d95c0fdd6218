package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/internal/files"
)

// ErrNotSQLite is returned by Backup on PostgreSQL, which has its own tools.
var ErrNotSQLite = errors.New("db: only SQLite is copied into a file")

// Backup writes a consistent snapshot of the SQLite database, online, to a new file that only its owner can read. The
// file appears atomically. Returns its size in bytes, or an error that is fs.ErrExist if the file exists.
func (d *DB) Backup(ctx context.Context, path string) (int64, error) {
	if d.dialect != dialect.SQLite {
		return 0, ErrNotSQLite
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return 0, errors.Join(&fs.PathError{Op: "back up to", Path: path, Err: fs.ErrExist}, err)
	}
	var size int64
	err := files.Write(path, func(file *os.File) (err error) {
		size, err = d.copyInto(ctx, file)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	return size, nil
}

// copyInto copies the database into an empty file, and returns the file's size.
func (d *DB) copyInto(ctx context.Context, file *os.File) (int64, error) {
	if _, err := d.write.ExecContext(ctx, "VACUUM INTO ?", file.Name()); err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
