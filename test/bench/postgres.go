package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/prometheus/procfs"

	"github.com/zebrands/catalog/test/dbtest"
)

// postgresURL returns the URL of a database of the server for tests.
func postgresURL(name string) (string, error) {
	server, err := url.Parse(os.Getenv(dbtest.ServerVariable))
	if err != nil || server.Host == "" && server.RawQuery == "" {
		return "", errors.New(dbtest.ServerVariable + " names no PostgreSQL server: call this through make bench")
	}
	if name != "" {
		server.Path = "/" + name
	}
	return server.String(), nil
}

// query opens the PostgreSQL server for one statement; answer, a pointer, is for its only value. nil if it
// has none.
func query(ctx context.Context, statement string, answer any) error {
	at, err := postgresURL("")
	if err != nil {
		return err
	}
	pool, err := sql.Open("postgres", at)
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	defer func() { _ = pool.Close() }()
	if answer == nil {
		_, err = pool.ExecContext(ctx, statement)
	} else {
		err = pool.QueryRowContext(ctx, statement).Scan(answer)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// createDatabase makes an empty database on the PostgreSQL server, until the benchmark ends, and returns
// its URL.
func (b *bench) createDatabase(ctx context.Context, suffix string) (string, error) {
	name := "catalog_bench_" + suffix
	drop := func() error {
		return query(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", nil)
	}
	if err := drop(); err != nil {
		return "", err
	}
	if err := query(ctx, "CREATE DATABASE "+name, nil); err != nil {
		return "", err
	}
	b.onClose(drop)
	return postgresURL(name)
}

// postgresProcess returns the id of the PostgreSQL server's first process, which must run on this machine:
// the parent of all others.
func postgresProcess(ctx context.Context) (int, error) {
	var id int
	if err := query(ctx, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int", &id); err != nil {
		return 0, err
	}
	process, err := procfs.NewProc(id)
	if err != nil {
		return 0, fmt.Errorf("find the PostgreSQL server on this machine: %w", err)
	}
	if name, err := process.Comm(); err != nil || name != "postgres" {
		return 0, fmt.Errorf("process %d is %q, not a PostgreSQL server: it must run on this machine", id, name)
	}
	return id, nil
}
