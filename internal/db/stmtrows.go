package db

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
)

// trackedTx notifies the connection at the end of the transaction.
type trackedTx struct {
	driver.Tx

	conn *cachingConn
	ctx  context.Context //nolint:containedctx // its end is measured where its beginning was
}

// Commit commits the transaction.
func (t trackedTx) Commit() error { return t.end("COMMIT", t.Tx.Commit) }

// Rollback rolls the transaction back.
func (t trackedTx) Rollback() error { return t.end("ROLLBACK", t.Tx.Rollback) }

func (t trackedTx) end(operation string, end func() error) error {
	t.conn.inTx = false
	measured := t.conn.connector.instruments.begin(t.ctx, operation)
	err := end()
	measured.end(err)
	return err
}

// trackedRows notifies the connection when the rows are closed. It implements every optional interface, with
// database/sql's defaults where the driver's rows do not.
type trackedRows struct {
	driver.Rows

	conn     *cachingConn
	stmt     *statement // nil if the query ran without one
	measured statementRun
	failure  error // result of the last read
	closed   bool
}

// Next reads a row.
func (r *trackedRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failure = err
	}
	return err
}

// Close closes the rows.
func (r *trackedRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.conn.openRows--
	if r.stmt != nil {
		r.stmt.busy = false
	}
	err := r.Rows.Close()
	r.measured.end(cmp.Or(r.failure, err))
	return err
}

// HasNextResultSet reports whether there is another result set.
func (r *trackedRows) HasNextResultSet() bool {
	rows, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && rows.HasNextResultSet()
}

// NextResultSet advances to the next result set. Returns io.EOF if there is none.
func (r *trackedRows) NextResultSet() error {
	if rows, ok := r.Rows.(driver.RowsNextResultSet); ok {
		return rows.NextResultSet()
	}
	return io.EOF
}

// ColumnTypeScanType returns the Go type of a column.
func (r *trackedRows) ColumnTypeScanType(index int) reflect.Type {
	if rows, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return rows.ColumnTypeScanType(index)
	}
	return reflect.TypeFor[any]()
}

// ColumnTypeDatabaseTypeName returns the database's name of a column's type.
func (r *trackedRows) ColumnTypeDatabaseTypeName(index int) string {
	if rows, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return rows.ColumnTypeDatabaseTypeName(index)
	}
	return ""
}

// ColumnTypeLength returns the length of a column of variable length.
func (r *trackedRows) ColumnTypeLength(index int) (length int64, ok bool) {
	if rows, has := r.Rows.(driver.RowsColumnTypeLength); has {
		return rows.ColumnTypeLength(index)
	}
	return 0, false
}

// ColumnTypeNullable reports whether a column is nullable, if that is known.
func (r *trackedRows) ColumnTypeNullable(index int) (nullable, ok bool) {
	if rows, has := r.Rows.(driver.RowsColumnTypeNullable); has {
		return rows.ColumnTypeNullable(index)
	}
	return false, false
}

// ColumnTypePrecisionScale returns the precision and scale of a decimal column.
func (r *trackedRows) ColumnTypePrecisionScale(index int) (precision, scale int64, ok bool) {
	if rows, has := r.Rows.(driver.RowsColumnTypePrecisionScale); has {
		return rows.ColumnTypePrecisionScale(index)
	}
	return 0, 0, false
}
