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

// flushTimeout bounds the final export of traces and metrics during shutdown.
const flushTimeout = 2 * time.Second

// serveOperations starts the operations endpoints, metrics and pprof, on their own addresses. They serve from before
// startup until shutdownOperations.
func (a *App) serveOperations(ctx context.Context) error {
	if address := a.cfg.ScrapeAddr(); address != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", a.telemetry.Handler())
		if err := a.serveEndpoint(ctx, address, mux); err != nil {
			return fmt.Errorf("--metrics-addr (CATALOG_METRICS_ADDR): %w", err)
		}
	}
	if a.cfg.DebugAddr != "" {
		if err := a.serveEndpoint(ctx, a.cfg.DebugAddr, debugHandler(a.telemetry.Handler())); err != nil {
			return fmt.Errorf("--debug-addr (CATALOG_DEBUG_ADDR): %w", err)
		}
	}
	return nil
}

// debugHandler serves metrics and pprof.
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

// serveEndpoint serves a handler on an address.
func (a *App) serveEndpoint(ctx context.Context, address string, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout, // no WriteTimeout: profiles take as long as requested
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.operations = append(a.operations, server)
	a.log.InfoContext(ctx, "serving operations endpoint", "addr", listener.Addr().String())
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.ErrorContext(context.WithoutCancel(ctx), "operations endpoint failed", "error", err)
		}
	}()
	return nil
}

// shutdownOperations stops the operations endpoints and flushes traces and metrics, best effort. It is idempotent.
func (a *App) shutdownOperations(ctx context.Context) {
	for _, server := range a.operations {
		_ = server.Close() // no need to drain
	}
	a.operations = nil
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := a.telemetry.Shutdown(ctx); err != nil {
		a.log.WarnContext(ctx, "the last traces and metrics were not exported", "error", err)
	}
	a.telemetry = &telemetry.Telemetry{}
}
