// Package app wires the catalog. It is the only package that imports all features.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"connectrpc.com/grpchealth"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/internal/telemetry"
)

// App is a catalog that is ready to run: its database is migrated and its port is bound.
type App struct {
	cfg      config.Config
	log      *slog.Logger
	stdout   io.Writer
	parts    *parts
	listener net.Listener
	server   *http.Server
	health   *grpchealth.StaticChecker
	// stopServing cancels the contexts of all requests in flight.
	stopServing context.CancelCauseFunc
	// streams are the open streams of the API.
	streams  rpc.Streams
	draining atomic.Bool
	newConns newConns
	services []string

	telemetry *telemetry.Telemetry
	// operations are the servers of the operations endpoints, until closeOperations.
	operations      []*http.Server
	closeOperations func()
}

// New opens and migrates the database, wires the configured roles, and listens. stdout receives messages for a
// person at a terminal. cfg must be valid. Close the App in the end, whether or not it ran.
func New(ctx context.Context, cfg config.Config, log *slog.Logger, stdout io.Writer) (*App, error) {
	t, err := telemetry.New(ctx, telemetry.Options{
		Traces:  telemetry.Exporter{Name: cfg.TracesExporter(), Protocol: cfg.TracesProtocol()},
		Metrics: telemetry.Exporter{Name: cfg.MetricsExporter(), Protocol: cfg.MetricsProtocol()},
		Scrape:  cfg.ScrapeAddr() != "" || cfg.DebugAddr != "",
		Roles:   cfg.Roles,
	}, log)
	if err != nil {
		return nil, err
	}
	return newApp(ctx, cfg, log, stdout, t)
}

func newApp(
	ctx context.Context, cfg config.Config, log *slog.Logger, stdout io.Writer, t *telemetry.Telemetry,
) (*App, error) {
	a := &App{cfg: cfg, log: log, stdout: stdout, telemetry: t}
	a.closeOperations = func() { a.shutdownOperations(context.WithoutCancel(ctx)) }
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	certificate, err := loadCertificate(&a.cfg)
	if err != nil {
		return err
	}
	// The port comes first, so that a process without it does not touch the data of the one that holds it.
	a.listener, err = listen(ctx, a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("--addr (CATALOG_ADDR): %w", err)
	}
	if err := a.serveOperations(ctx); err != nil {
		return err
	}
	if a.parts, err = newParts(ctx, a.cfg, a.log, a.cfg.BaseURL(a.listener.Addr()), a.telemetry); err != nil {
		return err
	}
	handler, err := a.handler()
	if err != nil {
		return err
	}
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	a.stopServing = stop
	a.server = newServer(base, &a.cfg, a.log, handler, certificate)
	a.server.ConnState = a.trackConn
	return nil
}

// URL returns the base URL of the API, without a trailing slash.
func (a *App) URL() string { return a.parts.baseURL }

// Close releases everything that New acquired. It is idempotent.
func (a *App) Close() error {
	if a.stopServing != nil {
		a.stopServing(nil)
	}
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.parts != nil {
		errs = append(errs, a.parts.close())
		a.parts = nil
	}
	a.closeOperations()
	return errors.Join(errs...)
}

// OpenDatabase opens and migrates the database.
func OpenDatabase(
	ctx context.Context, storage config.Storage, log *slog.Logger, options ...db.Option,
) (*db.DB, error) {
	if err := os.MkdirAll(storage.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("--data-dir (CATALOG_DATA_DIR): %w", err)
	}
	d, err := db.Open(ctx, storage.URL(), log, append(options, db.MaxConns(storage.DatabaseMaxConns))...)
	if err != nil {
		return nil, fmt.Errorf("--database-url (CATALOG_DATABASE_URL): %w", err)
	}
	d.HookSecurityEvents(auth.LogEvents(log))
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: %w", err), d.Close())
	}
	return d, nil
}

// onDatabase opens and migrates the database for a command, and closes it when run has returned.
func onDatabase(
	ctx context.Context, storage config.Storage, log *slog.Logger, run func(ctx context.Context, d *db.DB) error,
) error {
	d, err := OpenDatabase(ctx, storage, log)
	if err != nil {
		return err
	}
	return errors.Join(run(auth.AsOperator(ctx), d), d.Close())
}

// CreateAdmin creates an administrator in the database and returns the id. Returns a fault on the fields email,
// name or password, or EMAIL_TAKEN.
func CreateAdmin(
	ctx context.Context, storage config.Storage, log *slog.Logger, email, name, password string,
) (id string, err error) {
	err = onDatabase(ctx, storage, log, func(ctx context.Context, d *db.DB) error {
		created, err := admin.CreateWithPassword(ctx, d, email, name, password)
		id = created.String()
		return err
	})
	return id, err
}

// RemovePasskeys removes the passkeys and recovery codes of an administrator in the database, and returns the number of
// passkeys. Returns ADMIN_NOT_FOUND if nobody has the e-mail address.
func RemovePasskeys(
	ctx context.Context, storage config.Storage, log *slog.Logger, email string,
) (removed int, err error) {
	err = onDatabase(ctx, storage, log, func(ctx context.Context, d *db.DB) error {
		q, err := queue.New(d, log)
		if err != nil {
			return fmt.Errorf("open queue: %w", err)
		}
		removed, err = admin.RemovePasskeys(ctx, d, q, email)
		return err
	})
	return removed, err
}

// EraseAdmin replaces the name and the addresses of a deleted administrator by a pseudonym, in the database and in the
// local mailbox, and returns the id. who is an id or an address.
func EraseAdmin(
	ctx context.Context, storage config.Storage, log *slog.Logger, who string,
) (id string, err error) {
	mailbox := mail.NewMailbox(mailboxDir(storage.DataDir))
	err = onDatabase(ctx, storage, log, func(ctx context.Context, d *db.DB) error {
		erased, err := admin.Erase(ctx, d, who, func(t admin.Traces) error {
			return mailbox.Remove(func(letter *mail.Letter) bool {
				return letter.Mentions(slices.Concat(t.Names, t.Addresses))
			})
		})
		id = erased.String()
		return err
	})
	return id, err
}

// ExportSecurityEvents calls yield with each event that a filter selects, newest first. Returns FILTER_INVALID.
func ExportSecurityEvents(
	ctx context.Context, storage config.Storage, log *slog.Logger, filter string,
	yield func(*catalogv1.SecurityEvent) error,
) error {
	return onDatabase(ctx, storage, log, func(ctx context.Context, d *db.DB) error {
		return admin.ExportEvents(ctx, d, filter, yield)
	})
}

// Backup writes a snapshot of the SQLite database to a new file, also while a server is running, and returns its
// size in bytes. It does not migrate.
func Backup(ctx context.Context, storage config.Storage, log *slog.Logger, file string) (int64, error) {
	path, isSQLite := strings.CutPrefix(storage.URL(), "sqlite:")
	if !isSQLite {
		return 0, errors.New("PostgreSQL is backed up with pg_dump: see docs/operations.md")
	}
	if _, err := os.Stat(path); err != nil { // opening it would create it
		return 0, fmt.Errorf("--data-dir (CATALOG_DATA_DIR): %w", err)
	}
	d, err := db.Open(ctx, storage.URL(), log)
	if err != nil {
		return 0, fmt.Errorf("--data-dir (CATALOG_DATA_DIR): %w", err)
	}
	size, err := d.Backup(ctx, file)
	return size, errors.Join(err, d.Close())
}
