package app

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"time"

	"connectrpc.com/connect"
	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/internal/tracking"
)

// webhookPath receives Mailgun's webhooks.
const webhookPath = "/webhooks/mailgun"

// cleanupInterval is how often expired rows are deleted.
const cleanupInterval = time.Hour

// role is a set of services and background work that a process can have. Every process opens the database, can
// enqueue jobs, and serves pages, health and reflection; the rest belongs to a role.
type role struct {
	name string
	// services are the names of the role's services.
	services []string
	// mount mounts the services.
	mount func(p *parts, m *mounter)
	// start starts the background work, until the returned function is called; nil if there is none.
	start func(ctx context.Context, p *parts) (stopFunc, error)
}

var adminServices = []string{catalogv1connect.AdminServiceName, catalogv1connect.AuthServiceName}

var allRoles = []role{
	{config.RoleProduct, []string{catalogv1connect.ProductServiceName}, mountProducts, startProducts},
	{config.RoleAdmin, adminServices, mountAdmins, startCleanup},
	{config.RoleNotification, []string{catalogv1connect.NotificationServiceName}, mountNotifications, startMail},
	{config.RoleTracking, []string{catalogv1connect.TrackingServiceName}, mountTracking, nil},
}

// roles returns the roles of this process.
func (a *App) roles() []role {
	return slices.DeleteFunc(slices.Clone(allRoles), func(r role) bool { return !a.cfg.Has(r.name) })
}

// allServices returns the names of all services of the catalog.
func allServices() []string {
	var names []string
	for _, r := range allRoles {
		names = append(names, r.services...)
	}
	return names
}

func mountProducts(p *parts, m *mounter) {
	m.service(catalogv1connect.NewProductServiceHandler(p.products, m.options...))
}

func mountAdmins(p *parts, m *mounter) {
	passwords := auth.NewPasswords()
	admins := admin.NewService(p.db, p.queue, passwords, p.cfg.InvitationsPerHour)
	m.service(catalogv1connect.NewAdminServiceHandler(admins, m.options...))
	service := admin.NewAuthService(p.db, p.queue, p.tokens, passwords, p.passkeys, p.log)
	cookies := connect.WithInterceptors(p.cookies.Interceptor(service.EndReplaced))
	options := slices.Concat(m.options, []connect.HandlerOption{cookies})
	path, handler := catalogv1connect.NewAuthServiceHandler(service, options...)
	m.service(path, p.cookies.Wrap(handler))
}

func mountNotifications(p *parts, m *mounter) {
	service := notification.NewService(p.db, p.queue, p.mailbox(), &p.mailHealth)
	m.service(catalogv1connect.NewNotificationServiceHandler(service, m.options...))
	m.mux.Handle(webhookPath, notification.NewWebhook(p.db, string(p.cfg.MailgunWebhookKey), p.log))
}

func mountTracking(p *parts, m *mounter) {
	m.service(catalogv1connect.NewTrackingServiceHandler(tracking.NewService(p.db), m.options...))
}

// startProducts starts the rollup, and the periodic deletion of expired request ids.
func startProducts(ctx context.Context, p *parts) (stopFunc, error) {
	stopRollup, err := startRollup(ctx, p)
	if err != nil {
		return nil, err
	}
	stopCleanup := cleanUp(ctx, p, "request ids", product.Cleanup)
	return func(ctx context.Context) error { return errors.Join(stopCleanup(ctx), stopRollup(ctx)) }, nil
}

// startRollup starts adding the journal to the database, in the process that writes it.
func startRollup(ctx context.Context, p *parts) (stopFunc, error) {
	rollup := tracking.NewRollup(p.db, p.journal, p.log)
	if err := tracking.Observe(p.telemetry.Meter(), p.tracker, rollup); err != nil {
		return nil, err
	}
	stop := inBackground(ctx, rollup.Run)
	return func(ctx context.Context) error { return errors.Join(stop(ctx), rollup.Flush(ctx)) }, nil
}

// mailbox returns the local mailbox if mail goes there, else nil.
func (p *parts) mailbox() *mail.Mailbox {
	if p.cfg.MailgunDomain != "" || p.cfg.SMTPURL != "" {
		return nil
	}
	return mail.NewMailbox(mailboxDir(p.cfg.DataDir))
}

// startMail starts the workers that send mail.
func startMail(ctx context.Context, p *parts) (stopFunc, error) {
	sender, err := netmail.ParseAddress(p.cfg.Sender(p.baseURL))
	if err != nil {
		return nil, fmt.Errorf("--mail-from (CATALOG_MAIL_FROM): %w", err)
	}
	mailer, err := mail.New(mail.Config{
		MailgunDomain:  p.cfg.MailgunDomain,
		MailgunAPIKey:  string(p.cfg.MailgunAPIKey),
		MailgunBaseURL: p.cfg.MailgunBaseURL,
		SMTPURL:        string(p.cfg.SMTPURL),
		MailboxDir:     mailboxDir(p.cfg.DataDir),
	})
	if err != nil {
		return nil, err
	}
	if mailer, err = mail.Instrument(mailer, p.telemetry.Tracer(), p.telemetry.Meter()); err != nil {
		return nil, err
	}
	resend := p.cfg.MailUnknown == "resend"
	workers := river.NewWorkers()
	notification.Register(workers, notification.Deps{
		DB: p.db, Queue: p.queue, Mailer: mailer, Rate: p.cfg.MailRate,
		Resend: resend, Health: &p.mailHealth,
		From: *sender, PublicURL: p.baseURL, Log: p.log,
	})
	if err := p.queue.Work(ctx, workers, queue.WorkerConfig{}); err != nil {
		return nil, err
	}
	gauges, err := observeBacklog(p)
	if err != nil {
		return nil, errors.Join(err, p.queue.Stop(ctx))
	}
	endCleanup := cleanUp(ctx, p, "tokens of webhooks", notification.Cleanup)
	endCheck := inBackground(ctx, func(ctx context.Context) { p.mailHealth.CheckLog(ctx, mailer, resend, p.log) })
	return func(ctx context.Context) error {
		return errors.Join(endCheck(ctx), endCleanup(ctx), p.queue.Stop(ctx), gauges.Unregister())
	}, nil
}

// startCleanup starts the periodic deletion of expired sessions and security events.
func startCleanup(ctx context.Context, p *parts) (stopFunc, error) {
	endSessions := cleanUp(ctx, p, "sessions", auth.Cleanup)
	endEvents := cleanUp(ctx, p, "security events", func(ctx context.Context, d *db.DB) error {
		return auth.CleanupEvents(ctx, d, p.cfg.SecurityEventRetention)
	})
	return func(ctx context.Context) error { return errors.Join(endEvents(ctx), endSessions(ctx)) }, nil
}

// cleanUp deletes expired rows periodically, until the returned function is called.
func cleanUp(
	ctx context.Context, p *parts, what string, deleteExpired func(ctx context.Context, d *db.DB) error,
) stopFunc {
	return inBackground(ctx, func(ctx context.Context) {
		ticker := time.NewTicker(cleanupInterval)
		defer ticker.Stop()
		for {
			if err := deleteExpired(ctx, p.db); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "expired rows were not deleted", "rows", what, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// inBackground runs a function in a goroutine until the returned function is called.
func inBackground(ctx context.Context, run func(ctx context.Context)) stopFunc {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	return func(ctx context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
