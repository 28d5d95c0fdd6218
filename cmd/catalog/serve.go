package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
)

type serveCmd struct {
	config.Config
}

// Help is shown by serve --help.
func (*serveCmd) Help() string {
	return "Without flags it listens on localhost:8080 and stores its data in ./catalog-data: SQLite, and a local mailbox " +
		"instead of mail. SIGINT or SIGTERM starts a graceful shutdown; a second SIGINT ends it."
}

// Run serves until ctx is done.
func (c *serveCmd) Run(ctx context.Context, command *kong.Context) error {
	log := newLogger(c.Logging)
	for _, name := range unknownVariables(command.Model, os.Environ()) {
		log.WarnContext(ctx, "no setting has this environment variable", "name", name)
	}
	a, err := app.New(ctx, c.Config, log, os.Stdout)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

type migrateCmd struct {
	config.Storage
	config.Logging

	GrantTo    string   `env:"CATALOG_GRANT_TO" help:"PostgreSQL role to grant access to the tables, so that the server can connect as a role that owns nothing." placeholder:"ROLE"`
	GrantRoles []string `default:"product,admin,notification,tracking" enum:"product,admin,notification,tracking" env:"CATALOG_GRANT_ROLES" help:"Roles of the processes that connect as --grant-to, as in serve --roles. Without admin they can neither read private keys nor create administrators."`
}

// Run migrates the database and grants access.
func (c *migrateCmd) Run(ctx context.Context) error {
	d, err := app.OpenDatabase(ctx, c.Storage, newLogger(c.Logging))
	if err != nil {
		return err
	}
	return errors.Join(c.finish(ctx, d), d.Close())
}

func (c *migrateCmd) finish(ctx context.Context, d *db.DB) error {
	if err := auth.NewKeyStore(d, c.DataDir).Publish(ctx); err != nil {
		return err
	}
	if c.GrantTo != "" {
		err := d.Grant(ctx, c.GrantTo, db.Access{
			SignsIn:    slices.Contains(c.GrantRoles, config.RoleAdmin),
			SendsLinks: slices.Contains(c.GrantRoles, config.RoleNotification),
		})
		if err != nil {
			return fmt.Errorf("--grant-to (CATALOG_GRANT_TO): %w", err)
		}
	}
	fmt.Println("The database is up to date.")
	return nil
}
