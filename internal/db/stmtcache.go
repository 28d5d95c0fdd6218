package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// defaultStatements is the capacity of a connection's statement cache.
const defaultStatements = 256

// A statement with more arguments or text is a bulk write or a long list, whose text rarely recurs: it is not cached.
const maxKeptArguments, maxKeptLength = 100, 8 << 10

// errBusy is returned on PostgreSQL for a query on a connection while the rows of its previous query are open: the
// protocol does not support it.
var errBusy = errors.New("db: the rows of the transaction's previous query are still open")

// cachingConnector opens connections with a cache of prepared statements. Without it, both drivers prepare a query
// with arguments on every run, which costs more than running it.
type cachingConnector struct {
	driver.Connector

	sqlite bool
	size   int
	// outdated counts statements that PostgreSQL rejected because the schema changed. Every connection then clears its
	// cache.
	outdated    *atomic.Int64
	instruments *instruments // nil without instrumentation
}

func newCachingConnector(connector driver.Connector, sqlite bool, config options) cachingConnector {
	return cachingConnector{
		Connector: connector, sqlite: sqlite, size: config.statements,
		outdated: new(atomic.Int64), instruments: config.instruments,
	}
}

// driverConn is the common interface of both drivers' connections.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect opens a connection.
func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := inner.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: cannot keep the statements of a %T", inner), inner.Close())
	}
	return &cachingConn{
		driverConn: conn,
		connector:  c,
		outdated:   c.outdated.Load(),
		statements: map[string]*statement{},
	}, nil
}

// cachingConn is a connection with a cache of prepared statements. It forwards everything else. database/sql
// serializes its use.
type cachingConn struct {
	driverConn

	connector  cachingConnector
	outdated   int64 // connector.outdated when the first statement was prepared
	statements map[string]*statement
	uses       int64 // a logical clock, for the least recently used statement
	openRows   int
	inTx       bool
}

type statement struct {
	driver.Stmt

	lastUse int64
	busy    bool // its rows are open, so it cannot run again
}

// QueryContext runs a query that returns rows.
func (c *cachingConn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	measured := c.connector.instruments.begin(ctx, query)
	rows, stmt, err := run(ctx, c, query, args, driver.StmtQueryContext.QueryContext, c.driverConn.QueryContext)
	if err != nil {
		measured.end(err)
		return nil, err
	}
	c.openRows++
	if stmt != nil {
		stmt.busy = true
	}
	return &trackedRows{Rows: rows, conn: c, stmt: stmt, measured: measured}, nil
}

// ExecContext runs a query that returns no rows.
func (c *cachingConn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	measured := c.connector.instruments.begin(ctx, query)
	result, _, err := run(ctx, c, query, args, driver.StmtExecContext.ExecContext, c.driverConn.ExecContext)
	measured.end(err)
	return result, err
}

// run runs a query with a cached statement, which it returns, or without one. If the statement no longer fits the
// schema, it retries the query without one, unless the failure has aborted the transaction: InTx then retries all of
// it.
func run[S, T any](
	ctx context.Context, c *cachingConn, query string, args []driver.NamedValue,
	kept func(S, context.Context, []driver.NamedValue) (T, error),
	direct func(context.Context, string, []driver.NamedValue) (T, error),
) (result T, stmt *statement, err error) {
	if c.openRows > 0 && !c.connector.sqlite {
		return result, nil, errBusy
	}
	if linked, ok := c.driverConn.(*linkedConn); ok {
		defer linked.link.watchStatement(ctx, linked.session, query).end()
	}
	stmt, err = c.statement(ctx, query, len(args))
	if err != nil {
		return result, nil, err
	}
	if stmt != nil {
		result, err = kept(stmt.Stmt.(S), ctx, args) //nolint:errcheck,forcetypeassert // both drivers have both
		if !isOutdated(err) {
			return result, stmt, err
		}
		c.connector.outdated.Add(1)
		if c.inTx {
			return result, nil, err
		}
	}
	result, err = direct(ctx, query, args)
	return result, nil, err
}

// statement returns the cached statement of a query, preparing it if needed. It returns nil for a query that runs
// without one: a query without arguments, which needs no preparing and may have several statements; one that is too
// long; one whose statement is busy.
func (c *cachingConn) statement(ctx context.Context, query string, args int) (*statement, error) {
	if args == 0 || args > maxKeptArguments || len(query) > maxKeptLength || c.connector.size == 0 {
		return nil, nil //nolint:nilnil // as documented
	}
	if outdated := c.connector.outdated.Load(); outdated != c.outdated {
		c.outdated = outdated
		if err := c.forgetAll(); err != nil {
			return nil, err
		}
	}
	c.uses++
	if stmt := c.statements[query]; stmt != nil {
		if stmt.busy {
			return nil, nil //nolint:nilnil // as documented
		}
		stmt.lastUse = c.uses
		return stmt, nil
	}
	if err := c.makeRoom(); err != nil {
		return nil, err
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt := &statement{Stmt: prepared, lastUse: c.uses}
	c.statements[query] = stmt
	return stmt, nil
}

// makeRoom evicts the least recently used statement if the cache is full.
func (c *cachingConn) makeRoom() error {
	if len(c.statements) < c.connector.size {
		return nil
	}
	oldest := ""
	for query, stmt := range c.statements {
		if !stmt.busy && (oldest == "" || stmt.lastUse < c.statements[oldest].lastUse) {
			oldest = query
		}
	}
	return c.forget(oldest)
}

func (c *cachingConn) forget(query string) error {
	stmt := c.statements[query]
	if stmt == nil { // all statements are busy
		return nil
	}
	delete(c.statements, query)
	return stmt.Close()
}

func (c *cachingConn) forgetAll() error {
	var err error
	for query := range c.statements {
		err = errors.Join(err, c.forget(query))
	}
	return err
}

// Close closes the connection. PostgreSQL then discards its statements; SQLite would leak the connection.
func (c *cachingConn) Close() error {
	if c.connector.sqlite {
		return errors.Join(c.forgetAll(), c.driverConn.Close())
	}
	return c.driverConn.Close()
}

// BeginTx begins a transaction.
func (c *cachingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	measured := c.connector.instruments.begin(ctx, "BEGIN")
	tx, err := c.driverConn.BeginTx(ctx, opts)
	measured.end(err)
	if err != nil {
		return nil, err
	}
	c.inTx = true
	return trackedTx{Tx: tx, conn: c, ctx: ctx}, nil
}

// CheckNamedValue converts an argument to a type that the driver accepts.
func (c *cachingConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.driverConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// isOutdated reports whether a statement no longer fits the schema, or no longer exists, as behind a connection
// pooler.
func isOutdated(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	return e.Code == pqerror.InvalidSQLStatementName ||
		e.Code == pqerror.FeatureNotSupported && e.Routine == "RevalidateCachedQuery"
}
