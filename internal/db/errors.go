package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zebrands/catalog/ent"
)

// IsUniqueViolation reports whether a write failed because a row with the same key exists. index is its name in
// ent/schema; "TABLE_pkey" is the name of a primary key.
func IsUniqueViolation(err error, index string) bool {
	if onPostgres, ok := errors.AsType[*pq.Error](err); ok {
		return onPostgres.Code == pqerror.UniqueViolation && onPostgres.Constraint == index
	}
	onSQLite, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch onSQLite.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		columns, ok := ent.UniqueColumns[index]
		return ok && strings.Contains(onSQLite.Error(), "UNIQUE constraint failed: "+columns+" (")
	default:
		return false
	}
}

// IsUnavailable reports whether an error means that the database was unreachable, was shutting down or starting up, or
// was overloaded: a retry may soon succeed. If a commit failed, the write may have succeeded.
func IsUnavailable(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[noSessionError](err); ok {
		return true
	}
	for _, lost := range []error{errAway, driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, lost) {
			return true
		}
	}
	if onPostgres, ok := errors.AsType[*pq.Error](err); ok {
		switch onPostgres.Code {
		case pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow, pqerror.TooManyConnections,
			pqerror.IdleInTransactionSessionTimeout:
			return true
		}
		return onPostgres.Code.Class() == pqerror.ClassConnectionException
	}
	// Another process has been writing for longer than the busy timeout.
	onSQLite, ok := errors.AsType[*sqlite.Error](err)
	return ok && onSQLite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// IsConflict reports whether the database aborted a transaction because of concurrent ones: a deadlock, or a
// serialization failure. InTx has already retried it.
func IsConflict(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && (e.Code == pqerror.TRSerializationFailure || e.Code == pqerror.TRDeadlockDetected)
}

// isRetryable reports whether a retry of the whole transaction may succeed.
func isRetryable(err error) bool { return IsConflict(err) || isOutdated(err) }
