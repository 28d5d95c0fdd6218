package db

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zebrands/catalog/ent"
)

// The errors of Ping about SQLite's disk.
var (
	ErrStorageFull    = errors.New("the disk is full")
	ErrStorageDamaged = errors.New("the database file is damaged: restore a backup")
)

// IsStorageFull reports whether a write failed because the database's disk is full.
func IsStorageFull(err error) bool {
	if onPostgres, ok := errors.AsType[*pq.Error](err); ok {
		return onPostgres.Code == pqerror.DiskFull
	}
	onSQLite, ok := errors.AsType[*sqlite.Error](err)
	// The second is of the shared memory beside the write-ahead log.
	return ok && (onSQLite.Code()&0xff == sqlite3.SQLITE_FULL || onSQLite.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}

// IsStorageDamaged reports whether the database cannot read or write its files, or their contents are malformed.
func IsStorageDamaged(err error) bool {
	if onPostgres, ok := errors.AsType[*pq.Error](err); ok {
		return onPostgres.Code == pqerror.DataCorrupted || onPostgres.Code == pqerror.IndexCorrupted ||
			onPostgres.Code == pqerror.IOError
	}
	onSQLite, ok := errors.AsType[*sqlite.Error](err)
	if !ok || IsStorageFull(err) {
		return false
	}
	switch onSQLite.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR:
		return true
	default:
		return false
	}
}

// storage remembers problems of SQLite's disk.
type storage struct{ full, damaged atomic.Bool }

// NoteError lets Ping tell about an error of SQLite's disk. It ignores other errors.
func (d *DB) NoteError(err error) {
	if d.dialect != dialect.SQLite {
		return
	}
	if IsStorageFull(err) {
		d.storage.full.Store(true)
	}
	if IsStorageDamaged(err) {
		d.storage.damaged.Store(true)
	}
}

// checkStorage returns the problem of SQLite's disk, if there is one. It tries a write after the disk was full. A
// damaged file counts until the next start.
func (d *DB) checkStorage(ctx context.Context) error {
	if d.storage.damaged.Load() {
		return ErrStorageDamaged
	}
	if !d.storage.full.Load() {
		return nil
	}
	err := d.tryWrite(ctx)
	if IsStorageFull(err) {
		return ErrStorageFull
	}
	if err != nil {
		return fmt.Errorf("check storage: %w", err)
	}
	d.storage.full.Store(false)
	return nil
}

// tryWrite writes 64 KiB and removes them again.
func (d *DB) tryWrite(ctx context.Context) error {
	return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		for _, statement := range []string{
			`INSERT INTO throttles (id, count, expire_time)
				VALUES ('storage:' || hex(zeroblob(32768)), 0, CURRENT_TIMESTAMP)`,
			`DELETE FROM throttles WHERE id LIKE 'storage:%'`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}
