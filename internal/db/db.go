// Package db opens the database, migrates its schema, and is the only way to write to it.
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
	"github.com/zebrands/catalog/internal/clock"
)

const (
	// sqliteReaders is the number of concurrent connections that read from SQLite.
	sqliteReaders = 8
	// defaultMaxConns leaves room for four replicas within PostgreSQL's default of 100 connections.
	defaultMaxConns = 20
	minMaxConns     = 4
	// The limits of a connection's age, so that connections spread over the servers behind a DNS name that changes,
	// and of its idle time, so that it frees the server's memory.
	connLifetime, connIdleTime = 30 * time.Minute, 5 * time.Minute
)

var (
	// ErrReadOnly is returned by every mutation with the read-only client.
	ErrReadOnly = errors.New("db: this client only reads; write with InTx")

	errBadURL = errors.New("open PostgreSQL: the database URL does not parse")
)

// Option configures Open.
type Option func(*options)

type options struct {
	maxConns    int
	statements  int
	tracer      trace.Tracer
	meter       metric.Meter
	instruments *instruments
	clock       *clock.Clock
}

// MachineClock replaces the machine's clock, for tests of a machine whose clock is wrong.
func MachineClock(now func() time.Time) Option {
	return func(o *options) { o.clock = clock.New(now) }
}

// MaxConns bounds the connections to PostgreSQL. The default is 20, the minimum 4: a lock between processes occupies
// one while it is held. It has no effect on SQLite, which has one connection for writes and eight for reads.
func MaxConns(n int) Option { return func(o *options) { o.maxConns = max(n, minMaxConns) } }

// KeepStatements sets the capacity of each connection's cache of prepared statements. The default is 256; 0 disables
// the cache.
func KeepStatements(n int) Option { return func(o *options) { o.statements = n } }

// DB is an open database: one pool on PostgreSQL; on SQLite a pool with one connection for writes and one with several
// read-only connections.
type DB struct {
	dialect string
	path    string // SQLite's file
	log     *slog.Logger
	write   *sql.DB
	read    *sql.DB
	writer  *ent.Client
	reader  *ent.Client
	link    *link // to PostgreSQL
	storage storage
	clock   *clock.Clock

	observers   observers
	topics      topics
	instruments *instruments // nil without instrumentation
}

// Open opens the database at a URL: "sqlite:PATH", whose folder is created if needed, or "postgres://…". It does not
// change the schema. Returns an error behind a connection pooler that shares sessions.
func Open(ctx context.Context, databaseURL string, log *slog.Logger, opts ...Option) (*DB, error) {
	config := options{maxConns: defaultMaxConns, statements: defaultStatements, clock: clock.Machine()}
	for _, option := range opts {
		option(&config)
	}
	path, isSQLite := strings.CutPrefix(databaseURL, "sqlite:")
	d := &DB{dialect: dialect.Postgres, path: path, log: log, clock: config.clock}
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
		d.link = newLink(log, d.clock, d.observers.tell, d.topics.tell)
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
	d.writer = ent.NewClient(ent.Driver(entsql.OpenDB(d.dialect, d.write)), ent.Clock(d.clock))
	d.writer.Use(ent.SetTimes)
	d.writer.Product.Use(noteChanged)
	d.reader = ent.NewClient(ent.Driver(entsql.OpenDB(d.dialect, d.read)), ent.Clock(d.clock))
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
	// The writer is first: it creates the file and the write-ahead log that readers need. It overwrites what it deletes,
	// such as erased names: otherwise the file would keep them.
	write, err = openPool(ctx, file+"&_txlock=immediate&_pragma=secure_delete(1)", 1, config)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err = openPool(ctx, file+"&_pragma=query_only(1)", sqliteReaders, config)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, err), write.Close())
	}
	return write, read, nil
}

// createPrivate creates the database file, if there is none, with access for its owner only: SQLite itself would make
// it world-readable. The write-ahead log inherits the file's mode.
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
	l.conns = config.maxConns + ownConns
	connector, err := l.server.connector(l.dialer)
	if err != nil {
		return nil, err
	}
	if err := l.checkPooler(ctx); err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	pool := sql.OpenDB(newCachingConnector(linkedConnector{Connector: connector, link: l}, false, config))
	pool.SetMaxOpenConns(config.maxConns)
	pool.SetMaxIdleConns(config.maxConns)
	pool.SetConnMaxIdleTime(connIdleTime)
	pool.SetConnMaxLifetime(connLifetime)
	return pool, nil
}

// refuseWrites is the hook of the read-only client.
func refuseWrites(ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) {
		return nil, ErrReadOnly
	})
}

// Dialect returns dialect.Postgres or dialect.SQLite.
func (d *DB) Dialect() string { return d.dialect }

// Clock returns the clock of times that processes compare: PostgreSQL's, or on SQLite the machine's. Transactions have
// it as tx.Clock.
func (d *DB) Clock() *clock.Clock { return d.clock }

// Now returns the time of Clock.
func (d *DB) Now() time.Time { return d.clock.Now() }

// Reader returns the client for reads outside a transaction. Its mutations return ErrReadOnly: see InTx.
func (d *DB) Reader() *ent.Client { return d.reader }

// SQL returns the pool that can write, for the queue and for migrations.
func (d *DB) SQL() *sql.DB { return d.write }

// ReadSQL returns the pool for reads. On SQLite it cannot write; on PostgreSQL it is the same as SQL.
func (d *DB) ReadSQL() *sql.DB { return d.read }

// HookProducts registers hooks on every mutation of products. Call it before the first use.
func (d *DB) HookProducts(hooks ...ent.Hook) { d.writer.Product.Use(hooks...) }

// HookSecurityEvents registers hooks on every mutation of security events. Call it before the first use.
func (d *DB) HookSecurityEvents(hooks ...ent.Hook) { d.writer.SecurityEvent.Use(hooks...) }

// Ping reports whether the database is available. With Watch it is free and does not wait.
func (d *DB) Ping(ctx context.Context) error {
	if d.link != nil && d.link.stop != nil {
		return d.link.check()
	}
	if err := d.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return d.checkStorage(ctx)
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
