// Package db opens the database, keeps its schema up to date, and is the only way to write to it.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"

	"github.com/zebrands/catalog/ent"
)

const (
	// sqliteReaders is how many connections read from SQLite side by side.
	sqliteReaders = 8
	// defaultMaxConns leaves room for four replicas in the 100 connections that PostgreSQL allows unless
	// told otherwise.
	defaultMaxConns = 20
	minMaxConns     = 4
	// Connections to PostgreSQL are closed after a while, so that they spread over the servers behind a
	// name that moves, and that idle ones do not hold memory there.
	connLifetime, connIdleTime = 30 * time.Minute, 5 * time.Minute
)

var (
	// ErrReadOnly is returned by every mutation with the client for reads.
	ErrReadOnly = errors.New("db: this client only reads; write with InTx")

	errBadURL = errors.New("open PostgreSQL: the database URL does not parse")
)

// Option changes how Open opens a database.
type Option func(*options)

type options struct {
	maxConns    int
	statements  int
	tracer      trace.Tracer
	meter       metric.Meter
	instruments *instruments
}

// MaxConns bounds the connections to PostgreSQL. It is 20 by default, and never less than 4: a lock
// between processes keeps one for as long as it is held. SQLite does without: one connection writes
// and eight read.
func MaxConns(n int) Option { return func(o *options) { o.maxConns = max(n, minMaxConns) } }

// KeepStatements sets how many prepared statements each connection keeps. It is 256 by default; 0
// keeps none, for a connection pooler that does not know prepared statements.
func KeepStatements(n int) Option { return func(o *options) { o.statements = n } }

// DB is an open database: one pool on PostgreSQL; on SQLite a pool of one connection that writes and
// one of several that only read.
type DB struct {
	dialect string
	path    string // of the SQLite file
	log     *slog.Logger
	write   *sql.DB
	read    *sql.DB
	writer  *ent.Client
	reader  *ent.Client
	link    *link // to PostgreSQL

	observers   observers
	topics      topics
	instruments *instruments // nil if nothing is measured
}

// Open opens the database at a URL: "sqlite:PATH", whose folder is made if it is missing, or
// "postgres://…". It does not touch the schema.
func Open(ctx context.Context, databaseURL string, log *slog.Logger, opts ...Option) (*DB, error) {
	config := options{maxConns: defaultMaxConns, statements: defaultStatements}
	for _, option := range opts {
		option(&config)
	}
	path, isSQLite := strings.CutPrefix(databaseURL, "sqlite:")
	d := &DB{dialect: dialect.Postgres, path: path, log: log}
	if isSQLite {
		d.dialect = dialect.SQLite
	}
	var err error
	if config.instruments, err = newInstruments(config, d.dialect); err != nil {
		return nil, fmt.Errorf("measure the database: %w", err)
	}
	d.instruments = config.instruments
	if isSQLite {
		d.write, d.read, err = openSQLite(ctx, path, config)
	} else {
		d.link = newLink(log, d.observers.tell, d.topics.tell)
		d.write, err = openPostgres(ctx, databaseURL, d.link, config)
		d.read = d.write
	}
	if err != nil {
		return nil, err
	}
	if config.meter != nil {
		if err := d.observe(config.meter); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	d.writer = ent.NewClient(ent.Driver(entsql.OpenDB(d.dialect, d.write)))
	d.writer.Product.Use(noteChanged)
	d.reader = ent.NewClient(ent.Driver(entsql.OpenDB(d.dialect, d.read)))
	d.reader.Use(refuseWrites)
	return d, nil
}

func openSQLite(ctx context.Context, path string, config options) (write, read *sql.DB, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := createPrivate(path); err != nil {
		return nil, nil, err
	}
	const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)" +
		"&_pragma=foreign_keys(1)&_time_format=sqlite"
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas
	// The writer first: it makes the file, and the write-ahead log that readers need.
	write, err = openPool(ctx, file+"&_txlock=immediate", 1, config)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err = openPool(ctx, file+"&_pragma=query_only(1)", sqliteReaders, config)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, err), write.Close())
	}
	return write, read, nil
}

// createPrivate makes the database's file, if there is none, readable for its owner alone: by itself
// SQLite lets the whole machine read it. The write-ahead log takes over the file's mode.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	return file.Close() //nolint:wrapcheck // nothing was written
}

func openPool(ctx context.Context, dsn string, conns int, config options) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(newCachingConnector(connector, true, config))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

func openPostgres(ctx context.Context, databaseURL string, l *link, config options) (*sql.DB, error) {
	var err error
	if l.server, err = parsePostgres(databaseURL); err != nil {
		return nil, err
	}
	connector, err := l.server.connector(l.dialer)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(newCachingConnector(linkedConnector{connector, l}, false, config))
	pool.SetMaxOpenConns(config.maxConns)
	pool.SetMaxIdleConns(config.maxConns)
	pool.SetConnMaxIdleTime(connIdleTime)
	pool.SetConnMaxLifetime(connLifetime)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open PostgreSQL: %w", err), pool.Close())
	}
	return pool, nil
}

// refuseWrites is the hook of the client for reads.
func refuseWrites(ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) {
		return nil, ErrReadOnly
	})
}

// Dialect returns dialect.Postgres or dialect.SQLite.
func (d *DB) Dialect() string { return d.dialect }

// Reader returns the client for reads outside a transaction. Its mutations return ErrReadOnly: see
// InTx.
func (d *DB) Reader() *ent.Client { return d.reader }

// SQL returns the pool that may write, for the queue and for migrations.
func (d *DB) SQL() *sql.DB { return d.write }

// ReadSQL returns the pool for reads. On SQLite it cannot write; on PostgreSQL it is the same as SQL.
func (d *DB) ReadSQL() *sql.DB { return d.read }

// HookProducts registers hooks on every mutation of products. Call it before the first use.
func (d *DB) HookProducts(hooks ...ent.Hook) { d.writer.Product.Use(hooks...) }

// Ping reports whether the database answers. While it is watched, this costs nothing and does not wait.
func (d *DB) Ping(ctx context.Context) error {
	if d.link != nil && d.link.stop != nil {
		return d.link.check()
	}
	if err := d.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Close closes every connection.
func (d *DB) Close() error {
	if d.link != nil {
		d.link.close()
	}
	if d.read != d.write {
		if err := d.read.Close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	if err := d.write.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
