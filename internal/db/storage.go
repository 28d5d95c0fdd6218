package db

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zebrands/catalog/ent"
)

// The errors of Ping about SQLite's disk.
var (
	ErrStorageFull    = errors.New("the disk is full or fails: nothing can be written")
	ErrStorageDamaged = errors.New("the database file is damaged: restore a backup")
)

// probeInterval is the minimum time between two trial writes.
const probeInterval = 5 * time.Second

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

// isMalformed reports whether the contents of SQLite's file are malformed. Errors of the disk may pass, that does not.
func isMalformed(err error) bool {
	onSQLite, ok := errors.AsType[*sqlite.Error](err)
	return ok && (onSQLite.Code()&0xff == sqlite3.SQLITE_CORRUPT || onSQLite.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// storage remembers problems of SQLite's disk.
type storage struct {
	failing, malformed atomic.Bool
	probe              sync.Mutex
	probed             time.Time
}

// NoteError lets Ping tell about an error of SQLite's disk. It ignores other errors.
func (d *DB) NoteError(err error) {
	switch {
	case err == nil || d.dialect != dialect.SQLite:
	case isMalformed(err):
		d.storage.malformed.Store(true)
	case IsStorageFull(err) || IsStorageDamaged(err):
		d.storage.failing.Store(true)
	}
}

// checkStorage returns the problem of SQLite's disk, if there is one: until a write succeeds, or, if the file is
// malformed, until the next start. It tries a write once in probeInterval.
func (d *DB) checkStorage(ctx context.Context) error {
	if d.storage.malformed.Load() {
		return ErrStorageDamaged
	}
	if !d.storage.failing.Load() {
		return nil
	}
	d.storage.probe.Lock()
	defer d.storage.probe.Unlock()
	if time.Since(d.storage.probed) < probeInterval {
		return ErrStorageFull
	}
	d.storage.probed = time.Now()
	if err := d.tryWrite(ctx); err != nil {
		return errors.Join(ErrStorageFull, err)
	}
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
