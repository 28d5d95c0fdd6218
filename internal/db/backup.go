package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"entgo.io/ent/dialect"
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
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	size, err := d.copyInto(ctx, file)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("back up: %w", err), os.Remove(file.Name()))
	}
	return size, nil
}

// copyInto copies the database into an empty file, and returns the file's size.
func (d *DB) copyInto(ctx context.Context, file *os.File) (int64, error) {
	if _, err := d.write.ExecContext(ctx, "VACUUM INTO ?", file.Name()); err != nil {
		return 0, err
	}
	if err := file.Sync(); err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
