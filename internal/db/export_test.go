package db

import (
	"database/sql"
	"fmt"
)

// ErrBusy is what tests see of errBusy.
var ErrBusy = errBusy

// KeptStatements returns how many statements a connection keeps.
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
