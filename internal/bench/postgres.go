package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/zebrands/catalog/internal/db/dbtest"
)

// createDatabase makes an empty database on the server for tests and returns its URL. It stays until
// that server is thrown away.
func createDatabase(ctx context.Context) (string, error) {
	server, err := url.Parse(os.Getenv(dbtest.ServerVariable))
	if err != nil || server.Host == "" && server.RawQuery == "" {
		return "", errors.New(dbtest.ServerVariable + " names no PostgreSQL server: call this through make bench")
	}
	pool, err := sql.Open("postgres", server.String())
	if err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	defer func() { _ = pool.Close() }()
	const name = "catalog_bench"
	if _, err := pool.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	if _, err := pool.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	server.Path = "/" + name
	return server.String(), nil
}
