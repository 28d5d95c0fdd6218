package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SetLockPatience shortens lockPatience until the returned function is called.
func SetLockPatience(patience time.Duration) (restore func()) {
	before := lockPatience
	lockPatience = patience
	return func() { lockPatience = before }
}

// ErrBusy exports errBusy for tests.
var ErrBusy = errBusy

// MigrateTo applies the catalog's versions up to one, and none of the queue's.
func (d *DB) MigrateTo(ctx context.Context, version int64) error {
	versions, err := d.versions()
	if err != nil {
		return err
	}
	_, err = versions.UpTo(ctx, version)
	return err
}

// KeptStatements returns the number of statements in a connection's cache.
func KeptStatements(conn *sql.Conn) (n int, err error) {
	err = conn.Raw(func(driverConn any) error {
		caching, ok := driverConn.(*cachingConn)
		if !ok {
			return fmt.Errorf("a %T keeps no statements", driverConn)
		}
		n = len(caching.statements)
		return nil
	})
	return n, err
}
