package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
)

type serveCmd struct {
	config.Config
}

// Help is shown by serve --help.
func (*serveCmd) Help() string {
	return "Without any flag it serves on localhost:8080 with its data in ./catalog-data: SQLite, and a local mailbox " +
		"instead of mail. SIGINT or SIGTERM stops it in order."
}

// Run serves until ctx is done.
func (c *serveCmd) Run(ctx context.Context) error {
	a, err := app.New(ctx, c.Config, newLogger(c.Logging), os.Stdout)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

type migrateCmd struct {
	config.Storage
	config.Logging
}

// Run migrates the database.
func (c *migrateCmd) Run(ctx context.Context) error {
	d, err := app.OpenDatabase(ctx, c.Storage, newLogger(c.Logging))
	if err != nil {
		return err
	}
	fmt.Println("The database is up to date.")
	return d.Close()
}
