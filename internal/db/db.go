// Package db opens the database, keeps its schema up to date, and is the only way to write to it.
package db

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/lib/pq"  // the "postgres" driver
	_ "modernc.org/sqlite" // the "sqlite" driver

	"github.com/zebrands/catalog/ent"
)

// sqliteReaders is how many connections read from SQLite side by side.
const sqliteReaders = 8

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
}

// Open opens the database at a URL: "sqlite:PATH", whose folder is made if it is missing, or
// "postgres://…". It does not touch the schema.
func Open(ctx context.Context, databaseURL string, log *slog.Logger, opts ...Option) (*DB, error) {
	path, isSQLite := strings.CutPrefix(databaseURL, "sqlite:")
	var d *DB
	var err error
	if isSQLite {
		d, err = openSQLite(ctx, path)
	} else {
		d, err = openPostgres(ctx, databaseURL)
	}
	if err != nil {
		return nil, err
	}
	d.path, d.log = path, log
	return d, nil
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)" +
		"&_pragma=foreign_keys(1)&_time_format=sqlite"
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas
	write, err := sql.Open("sqlite", file+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", file+"&_pragma=query_only(1)")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return newDB(dialect.SQLite, write, read), nil
}

func openPostgres(ctx context.Context, databaseURL string) (*DB, error) {
	pool, err := sql.Open("postgres", databaseURL)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	if err := pool.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return newDB(dialect.Postgres, pool, pool), nil
}

func newDB(dialectName string, write, read *sql.DB) *DB {
	return &DB{
		dialect: dialectName,
		write:   write,
		read:    read,
		writer:  ent.NewClient(ent.Driver(entsql.OpenDB(dialectName, write))),
		reader:  ent.NewClient(ent.Driver(entsql.OpenDB(dialectName, read))),
	}
}

// Dialect returns dialect.Postgres or dialect.SQLite.
func (d *DB) Dialect() string { return d.dialect }

// Reader returns the client for reads outside a transaction. It must not write: see InTx.
func (d *DB) Reader() *ent.Client { return d.reader }

// SQL returns the pool that may write, for the queue and for migrations.
func (d *DB) SQL() *sql.DB { return d.write }

// ReadSQL returns the pool for reads.
func (d *DB) ReadSQL() *sql.DB { return d.read }

// HookProducts registers a hook on every mutation of products. Call it before the first use.
func (d *DB) HookProducts(hooks ...ent.Hook) {
	d.writer.Product.Use(hooks...)
	if d.read != d.write {
		d.reader.Product.Use(hooks...)
	}
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Close closes every connection.
func (d *DB) Close() error {
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

// Option changes how a database is opened.
type Option func(*options)

type options struct{}
