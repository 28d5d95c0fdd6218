package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/zebrands/catalog/internal/telemetry"
)

// flushTimeout is how long the last traces and metrics may take to leave, after everything else.
const flushTimeout = 2 * time.Second

// serveAsides serves what shows the catalog from outside, apart from the API: from before there is anything to
// see until closeAsides.
func (a *App) serveAsides(ctx context.Context) error {
	if address := a.cfg.ScrapeAddr(); address != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", a.telemetry.Handler())
		if err := a.serveAside(ctx, address, mux); err != nil {
			return fmt.Errorf("--metrics-addr (CATALOG_METRICS_ADDR): %w", err)
		}
	}
	if a.cfg.DebugAddr != "" {
		if err := a.serveAside(ctx, a.cfg.DebugAddr, debugHandler(a.telemetry.Handler())); err != nil {
			return fmt.Errorf("--debug-addr (CATALOG_DEBUG_ADDR): %w", err)
		}
	}
	return nil
}

// debugHandler returns what people on this machine see: metrics and profiles.
func debugHandler(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// serveAside serves at an address.
func (a *App) serveAside(ctx context.Context, address string, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout, // and no limit for answers: a profile takes as long as was asked for
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.asides = append(a.asides, server)
	a.log.InfoContext(ctx, "serving apart from the API", "addr", listener.Addr().String())
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.ErrorContext(context.WithoutCancel(ctx), "no longer serving apart from the API", "error", err)
		}
	}()
	return nil
}

// endAsides ends what serveAsides started, and lets the last traces and metrics leave. That they cannot is no error
// of the catalog. A second call does nothing.
func (a *App) endAsides(ctx context.Context) {
	for _, server := range a.asides {
		_ = server.Close() // nobody is owed an answer
	}
	a.asides = nil
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := a.telemetry.Shutdown(ctx); err != nil {
		a.log.WarnContext(ctx, "the last traces and metrics did not leave", "error", err)
	}
	a.telemetry = &telemetry.Telemetry{}
}
