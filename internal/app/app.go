// Package app puts the catalog together: it is the only package that knows every other.
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
	"strings"
	"sync/atomic"

	"connectrpc.com/grpchealth"

	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/telemetry"
)

// App is a catalog that is ready to run: its database is open and migrated, and its port is taken.
type App struct {
	cfg      config.Config
	log      *slog.Logger
	stdout   io.Writer
	parts    *parts
	listener net.Listener
	server   *http.Server
	health   *grpchealth.StaticChecker
	// stopServing ends the context of every request that is still under way.
	stopServing context.CancelCauseFunc
	draining    atomic.Bool
	arrivals    arrivals
	services    []string

	telemetry *telemetry.Telemetry
	// asides serve metrics and profiles, until closeAsides.
	asides      []*http.Server
	closeAsides func()
}

// New opens and migrates the database, wires what the configured roles need, and listens. What is good
// for a person at a terminal goes to stdout. cfg must be valid. Close the App when it is not needed any
// more, whether or not it ran.
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
	a.closeAsides = func() { a.endAsides(context.WithoutCancel(ctx)) }
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
	// The port comes first: what has no port must not touch the data of a process that has it.
	a.listener, err = listen(ctx, a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("--addr (CATALOG_ADDR): %w", err)
	}
	if err := a.serveAsides(ctx); err != nil {
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
	a.server.ConnState = a.noteConn
	return nil
}

// URL returns the address of the API, without a slash at its end.
func (a *App) URL() string { return a.parts.baseURL }

// Close gives everything back that New took. It is safe to call twice.
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
	a.closeAsides()
	return errors.Join(errs...)
}

// OpenDatabase opens the database that storage names and brings its schema up to date.
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
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: %w", err), d.Close())
	}
	return d, nil
}

// CreateAdmin adds an administrator to the database that storage names, and returns the id. Returns a
// fault that blames the fields email, name or password, or EMAIL_TAKEN.
func CreateAdmin(
	ctx context.Context, storage config.Storage, log *slog.Logger, email, name, password string,
) (string, error) {
	d, err := OpenDatabase(ctx, storage, log)
	if err != nil {
		return "", err
	}
	id, err := admin.CreateWithPassword(ctx, d, email, name, password)
	return id.String(), errors.Join(err, d.Close())
}

// Backup writes the SQLite database that storage names to a new file, whether or not the server runs, and
// returns the file's size in bytes. It leaves the schema as it is.
func Backup(ctx context.Context, storage config.Storage, log *slog.Logger, file string) (int64, error) {
	path, isSQLite := strings.CutPrefix(storage.URL(), "sqlite:")
	if !isSQLite {
		return 0, errors.New("PostgreSQL is backed up with pg_dump: see docs/operations.md")
	}
	if _, err := os.Stat(path); err != nil { // opening it would make one
		return 0, fmt.Errorf("--data-dir (CATALOG_DATA_DIR): %w", err)
	}
	d, err := db.Open(ctx, storage.URL(), log)
	if err != nil {
		return 0, fmt.Errorf("--data-dir (CATALOG_DATA_DIR): %w", err)
	}
	size, err := d.Backup(ctx, file)
	return size, errors.Join(err, d.Close())
}
