package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"time"

	"entgo.io/ent/dialect"
	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/zebrands/catalog/internal/db/migrations"
)

const (
	migrationTable = "schema_versions"
	// migrationLock is the key of the PostgreSQL advisory lock: "catalog" in ASCII.
	migrationLock int64 = 0x636174616c6f67
	// lockPeriod is how often a process looks whether another one has finished migrating.
	lockPeriod = 50 * time.Millisecond
	// unlockTime bounds giving the lock back, which happens even after the caller has given up.
	unlockTime = 10 * time.Second
)

// Migrate brings the schema up to date: ours, and then the queue's. Any number of processes may call
// it at once: one works, and the others wait for it. Every version is applied in a transaction of its
// own, so that a killed process leaves only whole ones. A schema that is newer than this program is
// left as it is.
func (d *DB) Migrate(ctx context.Context) error {
	unlock, err := d.lockMigrations(ctx)
	if err != nil {
		return fmt.Errorf("migrate: wait for another process that migrates: %w", err)
	}
	return errors.Join(d.migrate(ctx), unlock())
}

func (d *DB) migrate(ctx context.Context) error {
	versions, err := d.versions()
	if err != nil {
		return err
	}
	applied, err := versions.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, version := range applied {
		d.log.InfoContext(ctx, "schema version applied",
			"version", path.Base(version.Source.Path), "duration", version.Duration)
	}
	queue, err := d.queueVersions()
	if err != nil {
		return err
	}
	names, err := queue.up(ctx)
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	for _, name := range names {
		d.log.InfoContext(ctx, "schema version applied", "version", name)
	}
	return nil
}

// Pending returns the names of the versions that Migrate would apply, in their order.
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	versions, err := d.versions()
	if err != nil {
		return nil, err
	}
	statuses, err := versions.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	var names []string
	for _, status := range statuses {
		if status.State == goose.StatePending {
			names = append(names, path.Base(status.Source.Path))
		}
	}
	queue, err := d.queueVersions()
	if err != nil {
		return nil, err
	}
	queueNames, err := queue.pending(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the queue's version: %w", err)
	}
	return append(names, queueNames...), nil
}

func (d *DB) versions() (*goose.Provider, error) {
	files, err := migrations.FS(d.dialect)
	if err != nil {
		return nil, err //nolint:wrapcheck // names what is wrong
	}
	dialects := map[string]goose.Dialect{dialect.Postgres: goose.DialectPostgres, dialect.SQLite: goose.DialectSQLite3}
	provider, err := goose.NewProvider(dialects[d.dialect], d.write, files,
		goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

// lockMigrations waits for its turn and returns a function that ends it. The end of the process ends
// it too.
func (d *DB) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if d.dialect == dialect.SQLite {
		file := flock.New(d.path + ".migrate.lock")
		if _, err := file.TryLockContext(ctx, lockPeriod); err != nil {
			return nil, err //nolint:wrapcheck // Migrate does
		}
		return file.Unlock, nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // Migrate does
	}
	if err := lockSession(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTime)
		defer cancel()
		_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock)
		return errors.Join(err, conn.Close())
	}, nil
}

// lockSession asks again and again, because a session that waits for a lock inside the server holds
// up CREATE INDEX CONCURRENTLY.
func lockSession(ctx context.Context, conn *sql.Conn) error {
	tick := time.NewTicker(lockPeriod)
	defer tick.Stop()
	for {
		var locked bool
		err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&locked)
		if err != nil || locked {
			return err //nolint:wrapcheck // Migrate does
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // Migrate does
		}
	}
}

// queueVersions are the versions of River's own tables.
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
			return nil, err //nolint:wrapcheck // the callers do
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
