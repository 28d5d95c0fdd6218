package db

import (
	"context"
	"fmt"
	"log/slog"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// Migrate brings the schema up to date: ours, and then the queue's.
func (d *DB) Migrate(ctx context.Context) error {
	if err := d.writer.Schema.Create(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := d.migrateQueue(ctx); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}

func (d *DB) migrateQueue(ctx context.Context) error {
	config := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	if d.dialect == dialect.Postgres {
		migrator, err := rivermigrate.New(riverdatabasesql.New(d.write), config)
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	}
	migrator, err := rivermigrate.New(riversqlite.New(d.write), config)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
