package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path"

	"entgo.io/ent/dialect"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/zebrands/catalog/internal/db/migrations"
)

// migrationTable is goose's table of applied versions.
const migrationTable = "schema_versions"

// QueueLock is the lock of the process that runs the jobs of a SQLite database.
const QueueLock = "queue"

// ErrServed is returned by Migrate if a process runs jobs of a SQLite database whose format must change.
var ErrServed = errors.New("a process serves this SQLite database; stop it before the queue is migrated")

// Migrate applies pending migrations: the queue's, then the catalog's. It is safe to call concurrently: one process
// migrates, the others wait. Each version is transactional or idempotent, so a killed process does no harm. A schema
// that is newer than this program stays unchanged, with a warning in the log.
func (d *DB) Migrate(ctx context.Context) error {
	lock, err := d.Lock(ctx, "migrate")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return errors.Join(d.migrate(ctx), lock.Release())
}

func (d *DB) migrate(ctx context.Context) error {
	appliedToQueue, err := d.migrateQueue(ctx)
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	versions, err := d.versions()
	if err != nil {
		return err
	}
	applied, err := versions.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	current, known, err := versions.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > known {
		d.log.WarnContext(ctx, "the schema is newer than this program", "version", current, "known", known)
	}
	names := appliedToQueue
	for _, version := range applied {
		names = append(names, path.Base(version.Source.Path))
	}
	if len(names) > 0 {
		d.log.InfoContext(ctx, "migrations were applied", "versions", names)
	}
	return nil
}

// migrateQueue applies River's migrations. A version may change the format of jobs, which on SQLite no other process
// may read meanwhile.
func (d *DB) migrateQueue(ctx context.Context) (applied []string, err error) {
	queue, err := d.queueVersions()
	if err != nil {
		return nil, err
	}
	if d.dialect == dialect.SQLite {
		pending, err := queue.pending(ctx)
		if err != nil || len(pending) == 0 {
			return nil, err
		}
		lock, err := d.TryLock(ctx, QueueLock)
		if errors.Is(err, ErrLocked) {
			return nil, ErrServed
		}
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
	}
	return queue.up(ctx)
}

// Pending returns the versions that Migrate would apply, in order.
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	queue, err := d.queueVersions()
	if err != nil {
		return nil, err
	}
	names, err := queue.pending(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the queue's version: %w", err)
	}
	versions, err := d.versions()
	if err != nil {
		return nil, err
	}
	statuses, err := versions.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	for _, status := range statuses {
		if status.State == goose.StatePending {
			names = append(names, path.Base(status.Source.Path))
		}
	}
	return names, nil
}

func (d *DB) versions() (*goose.Provider, error) {
	files, err := migrations.FS(d.dialect)
	if err != nil {
		return nil, err
	}
	dialects := map[string]goose.Dialect{dialect.Postgres: goose.DialectPostgres, dialect.SQLite: goose.DialectSQLite3}
	provider, err := goose.NewProvider(dialects[d.dialect], d.write, files,
		goose.WithTableName(migrationTable),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

// queueVersions are the versions of River's tables.
type queueVersions struct {
	up      func(context.Context) ([]string, error)
	pending func(context.Context) ([]string, error)
}

func (d *DB) queueVersions() (queueVersions, error) {
	config := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	if d.dialect == dialect.SQLite {
		return newQueueVersions(rivermigrate.New(riversqlite.New(d.write), config))
	}
	return newQueueVersions(rivermigrate.New(riverdatabasesql.New(d.write), config))
}

func newQueueVersions(migrator *rivermigrate.Migrator[*sql.Tx], err error) (queueVersions, error) {
	if err != nil {
		return queueVersions{}, fmt.Errorf("read the queue's migrations: %w", err)
	}
	apply := func(ctx context.Context, dryRun bool) ([]string, error) {
		result, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{DryRun: dryRun})
		if err != nil {
			return nil, err
		}
		var names []string
		for _, version := range result.Versions {
			names = append(names, fmt.Sprintf("river %03d: %s", version.Version, version.Name))
		}
		return names, nil
	}
	return queueVersions{
		up:      func(ctx context.Context) ([]string, error) { return apply(ctx, false) },
		pending: func(ctx context.Context) ([]string, error) { return apply(ctx, true) },
	}, nil
}
