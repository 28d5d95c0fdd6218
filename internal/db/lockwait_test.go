package db_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/logs"
	"github.com/zebrands/catalog/test/wait"
)

// lineOf returns the first line with all of the words.
func lineOf(log *logs.Log, words ...string) string {
next:
	for line := range strings.Lines(log.String()) {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue next
			}
		}
		return line
	}
	return ""
}

// impatient opens a database again, with a log, and makes it report waits early.
func impatient(t *testing.T, url string) (*db.DB, *logs.Log) {
	t.Helper()
	t.Cleanup(db.SetLockPatience(50 * time.Millisecond))
	log := &logs.Log{}
	d, err := db.Open(t.Context(), url, slog.New(slog.NewTextHandler(log, nil)), db.MaxConns(4))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d, log
}

func TestAWaitForANamedLockIsLogged(t *testing.T) {
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			url := dbtest.URL(t, name)
			holder := dbtest.Open(t, url)
			lock, err := holder.TryLock(t.Context(), "migrate")
			require.NoError(t, err)
			d, log := impatient(t, url)
			migrated := make(chan error, 1)
			go func() { migrated <- d.Migrate(t.Context()) }()
			wait.For(t, func() bool { return lineOf(log, "waiting for a lock", "lock=migrate", "holders=") != "" })
			line := lineOf(log, "lock=migrate")
			if name == "postgres" {
				require.Contains(t, line, "process ")
			} else {
				require.Contains(t, line, "catalog.db.migrate.lock")
			}
			require.NoError(t, lock.Release())
			require.NoError(t, <-migrated)
		})
	}
}

func TestAStatementThatWaitsForALockIsLogged(t *testing.T) {
	url := dbtest.URL(t, "postgres")
	first := dbtest.Open(t, url)
	require.NoError(t, first.Migrate(t.Context()))
	id := dbtest.CreateProduct(t, first, "A", "")
	for want, hold := range map[string]func(ctx context.Context, tx *ent.Tx) error{
		`lock="signing keys"`:   func(ctx context.Context, tx *ent.Tx) error { return db.LockTx(ctx, tx, db.KeysLock) },
		`lock=administrators`:   func(ctx context.Context, tx *ent.Tx) error { return db.LockTx(ctx, tx, db.AdminsLock) },
		`lock="table products"`: execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE"),
		`lock="a row that`: func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(id).SetName("B").Exec(ctx)
		},
		`lock="the order of the history"`: execute(
			"SELECT pg_advisory_xact_lock(hashtextextended('catalog product_changes', 0))"),
	} {
		for _, watched := range []bool{true, false} {
			t.Run(want, func(t *testing.T) {
				d, log := impatient(t, url)
				if watched {
					require.NoError(t, d.Watch(t.Context()))
				}
				held, release := make(chan struct{}), make(chan struct{})
				var both sync.WaitGroup
				both.Go(func() {
					assert.NoError(t, first.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
						err := hold(ctx, tx)
						close(held)
						<-release
						return err
					}))
				})
				<-held
				both.Go(func() { assert.NoError(t, d.InTx(t.Context(), hold)) })
				wait.For(t, func() bool { return lineOf(log, "waiting for a lock", want, "holders=", "statement=") != "" })
				close(release)
				both.Wait()
			})
		}
	}
}

func TestATransactionThatWaitsForTheWriterIsLogged(t *testing.T) {
	d, log := impatient(t, dbtest.URL(t, "sqlite"))
	require.NoError(t, d.Migrate(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, d.InTx(t.Context(), func(context.Context, *ent.Tx) error {
		second := make(chan error, 1)
		go func() { second <- d.InTx(ctx, func(context.Context, *ent.Tx) error { return nil }) }()
		wait.For(t, func() bool { return lineOf(log, "waiting for a lock", "writer of SQLite") != "" })
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)
		return nil
	}))
}

func execute(statement string) func(ctx context.Context, tx *ent.Tx) error {
	return func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.ExecContext(ctx, statement)
		return err
	}
}
