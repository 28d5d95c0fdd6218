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

	GrantTo string `env:"CATALOG_GRANT_TO" help:"Let this role of PostgreSQL use the tables, so that the catalog can serve as one that owns nothing." placeholder:"ROLE"`
}

// Run migrates the database, and lets a role use it.
func (c *migrateCmd) Run(ctx context.Context) error {
	d, err := app.OpenDatabase(ctx, c.Storage, newLogger(c.Logging))
	if err != nil {
		return err
	}
	if c.GrantTo != "" {
		if err := d.Grant(ctx, c.GrantTo); err != nil {
			return errors.Join(fmt.Errorf("--grant-to (CATALOG_GRANT_TO): %w", err), d.Close())
		}
	}
	fmt.Println("The database is up to date.")
	return d.Close()
}
