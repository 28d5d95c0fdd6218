package main

import (
	"context"
	"fmt"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
)

type backupCmd struct {
	config.Storage
	config.Logging

	File string `arg:"" help:"File to write, which must not exist."`
}

// Help is shown by backup --help.
func (*backupCmd) Help() string {
	return `Copies the SQLite database as it is at one moment, whether or not the server runs; nobody waits for it. To
restore, stop the server, move its data folder away, put FILE as catalog.db into a new one, and start the
server on that. docs/operations.md has the rest, and how to back up PostgreSQL.`
}

// Run copies the database.
func (c *backupCmd) Run(ctx context.Context) error {
	size, err := app.Backup(ctx, c.Storage, newLogger(c.Logging), c.File)
	if err != nil {
		return err
	}
	fmt.Printf("%s holds the database: %d bytes.\n", c.File, size)
	return nil
}
