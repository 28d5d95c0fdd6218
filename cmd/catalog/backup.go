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

	File string `arg:"" help:"File to write. It must not exist."`
}

// Help is shown by backup --help.
func (*backupCmd) Help() string {
	return `Writes a consistent snapshot of the SQLite database, without blocking a running server. To restore, stop the
server, move its data folder away, copy FILE as catalog.db into a new one, and start the server with that
folder. See docs/operations.md for details and for PostgreSQL.`
}

// Run writes the snapshot.
func (c *backupCmd) Run(ctx context.Context) error {
	size, err := app.Backup(ctx, c.Storage, newLogger(c.Logging), c.File)
	if err != nil {
		return err
	}
	fmt.Printf("%s holds the database: %d bytes.\n", c.File, size)
	return nil
}
