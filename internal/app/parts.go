package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/internal/telemetry"
	"github.com/zebrands/catalog/internal/tracking"
)

// Issuer and audience of access tokens, the same in all processes of a catalog, whatever their addresses.
const (
	tokenIssuer   = "https://catalog.zebrands.com"
	tokenAudience = "catalog"
)

var errCannotSign = errors.New(
	"--signing-key (CATALOG_SIGNING_KEY) must hold a private key: the role admin signs tokens")

// parts are the shared dependencies of the roles.
type parts struct {
	cfg     config.Config
	log     *slog.Logger
	baseURL string
	// telemetry provides the Meter and Tracer of all other parts.
	telemetry *telemetry.Telemetry
	db        *db.DB
	queue     *queue.Queue
	keys      *auth.KeyRing
	tokens    *auth.Tokens
	apiKeys   *auth.APIKeys
	cookies   *admin.Cookies
	passkeys  *auth.Passkeys
	// mailHealth is used with the role notification.
	mailHealth notification.Health
	// products, journal and tracker are set with the role product: reads are counted where they are served.
	products *product.Service
	journal  *tracking.Journal
	tracker  *tracking.Interceptor
}

func newParts(
	ctx context.Context, cfg config.Config, log *slog.Logger, baseURL string, t *telemetry.Telemetry,
) (*parts, error) {
	p := &parts{cfg: cfg, log: log, baseURL: baseURL, telemetry: t}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *parts) open(ctx context.Context) error {
	var err error
	if err := p.openDatabase(ctx); err != nil {
		return err
	}
	if p.queue, err = queue.New(p.db, p.log, queue.Instrument(p.telemetry.Tracer(), p.telemetry.Meter())); err != nil {
		return fmt.Errorf("open queue: %w", err)
	}
	p.db.HookSecurityEvents(auth.ReduceAddresses(p.cfg.SecurityEventAddress))
	p.db.HookProducts(history.NewHook(notification.Listener(p.queue, p.cfg.NotifyWindow)))
	if p.keys, err = p.openKeys(ctx); err != nil {
		return err
	}
	p.tokens = auth.NewTokens(p.keys.OnClock(p.db.Clock()), tokenIssuer, tokenAudience)
	limit := auth.APIKeyLimit{Rate: p.cfg.APIKeyRate, Burst: p.cfg.APIKeyBurst}
	p.apiKeys = auth.NewAPIKeys(p.db, p.log, limit)
	if p.cookies, err = admin.NewCookies(p.baseURL); err != nil {
		return fmt.Errorf("--public-url (CATALOG_PUBLIC_URL): %w", err)
	}
	if p.passkeys, err = auth.NewPasskeys(p.baseURL); err != nil {
		return fmt.Errorf("--public-url (CATALOG_PUBLIC_URL): %w", err)
	}
	if p.cfg.Has(config.RoleProduct) {
		if err := p.openProducts(); err != nil {
			return err
		}
	}
	return p.db.Watch(ctx) // after all listeners are registered
}

// openDatabase opens the database, without instruments if telemetry is disabled.
func (p *parts) openDatabase(ctx context.Context) error {
	var options []db.Option
	if p.telemetry.Enabled() {
		options = append(options, db.Instrument(p.telemetry.Tracer(), p.telemetry.Meter()))
	}
	var err error
	p.db, err = OpenDatabase(ctx, p.cfg.Storage, p.log, options...)
	return err
}

func (p *parts) openProducts() error {
	var err error
	limits := product.MaxStreams(p.cfg.MaxStreams, p.cfg.MaxStreamsPerAdmin)
	if p.products, err = product.NewService(p.db, p.cfg.CacheBytes, limits); err != nil {
		return err
	}
	if err := observeCache(p.telemetry.Meter(), p.products); err != nil {
		return err
	}
	if p.journal, err = tracking.OpenJournal(filepath.Join(p.cfg.DataDir, "journal")); err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	if p.tracker, err = tracking.NewInterceptor(p.journal, p.db.Clock(), p.log); err != nil {
		return fmt.Errorf("track reads: %w", err)
	}
	return nil
}

// openKeys returns the keys of access tokens, with private keys only for the role admin.
func (p *parts) openKeys(ctx context.Context) (*auth.KeyRing, error) {
	if p.cfg.SigningKey != "" {
		return p.configuredKeys()
	}
	store := auth.NewKeyStore(p.db, p.cfg.DataDir)
	if !p.cfg.Has(config.RoleAdmin) {
		return auth.OpenKeys(ctx, p.log, store.Public)
	}
	if err := store.Prepare(ctx); err != nil {
		return nil, err
	}
	return auth.OpenKeys(ctx, p.log, store.Signing)
}

// configuredKeys returns the keys of the configuration, which never change.
func (p *parts) configuredKeys() (*auth.KeyRing, error) {
	keys, err := auth.ParseKeys(string(p.cfg.SigningKey))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--signing-key (CATALOG_SIGNING_KEY): %w", err)
	case !p.cfg.Has(config.RoleAdmin):
		return auth.FixedKeys(keys.Public()), nil
	case keys.SignerID() == "":
		return nil, errCannotSign
	}
	return auth.FixedKeys(keys), nil
}

// chain returns the steps in front of the API.
func (p *parts) chain(streams *rpc.Streams) rpc.Chain {
	c := rpc.Chain{
		Authenticate:    auth.NewAuthenticator(p.db, p.tokens).WithAPIKeys(p.apiKeys).Authenticate,
		Clock:           p.db.Clock(),
		Failed:          p.db.NoteError,
		Streams:         streams,
		SendTimeout:     transferTime,
		ReadMaxAge:      p.cfg.ReadMaxAge,
		MaxRequestBytes: p.cfg.MaxRequestBytes,
	}
	if p.tracker != nil {
		c.Track = p.tracker
	}
	return c
}

// close closes what is open.
func (p *parts) close() error {
	var errs []error
	if p.journal != nil {
		errs = append(errs, p.journal.Close())
	}
	if p.db != nil {
		errs = append(errs, p.db.Close())
	}
	return errors.Join(errs...)
}
