package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zebrands/catalog/ent/migrate"
)

// IsUniqueViolation reports whether a write failed because a row with the same key exists. The index
// is named as in ent/schema; "TABLE_pkey" names a primary key.
func IsUniqueViolation(err error, index string) bool {
	var onPostgres *pq.Error
	if errors.As(err, &onPostgres) {
		return onPostgres.Code == pqerror.UniqueViolation && onPostgres.Constraint == index
	}
	var onSQLite *sqlite.Error
	if !errors.As(err, &onSQLite) {
		return false
	}
	switch onSQLite.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		columns, ok := uniqueColumns()[index]
		return ok && strings.Contains(onSQLite.Error(), "UNIQUE constraint failed: "+columns+" (")
	default:
		return false
	}
}

// uniqueColumns returns how SQLite names each unique index in its errors: by its columns.
var uniqueColumns = sync.OnceValue(func() map[string]string {
	indexes := map[string]string{}
	for _, table := range migrate.Tables {
		columns := func(names []string) string {
			return table.Name + "." + strings.Join(names, ", "+table.Name+".")
		}
		var key []string
		for _, column := range table.PrimaryKey {
			key = append(key, column.Name)
		}
		indexes[table.Name+"_pkey"] = columns(key)
		for _, index := range table.Indexes {
			if !index.Unique {
				continue
			}
			var names []string
			for _, column := range index.Columns {
				names = append(names, column.Name)
			}
			indexes[index.Name] = columns(names)
		}
	}
	return indexes
})

// IsUnavailable reports whether an error says that the database could not be reached, was shutting
// down or starting up, or had no room: the same call may work in a moment. A write may or may not have
// happened if it was the commit that failed.
func IsUnavailable(err error) bool {
	var network *net.OpError
	if errors.As(err, &network) || isAny(err, driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF, io.EOF) {
		return true
	}
	var onPostgres *pq.Error
	if errors.As(err, &onPostgres) {
		switch onPostgres.Code {
		case pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow, pqerror.TooManyConnections:
			return true
		}
		return onPostgres.Code.Class() == pqerror.ClassConnectionException
	}
	var onSQLite *sqlite.Error // another process has been writing for longer than the busy timeout
	return errors.As(err, &onSQLite) && onSQLite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// isRetryable reports whether the transaction may well succeed if all of it is run again.
func isRetryable(err error) bool {
	var e *pq.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == pqerror.TRSerializationFailure || e.Code == pqerror.TRDeadlockDetected || isOutdated(err)
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
