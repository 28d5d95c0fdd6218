package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/grpchealth"

	"github.com/zebrands/catalog/internal/rpc"
)

const (
	// abortTime bounds how long canceled requests may take to send their error.
	abortTime = time.Second
	// finishTime is the minimum time for background work to finish, however long requests took: counts left
	// in the journal may be lost with the machine's disk.
	finishTime = 5 * time.Second
)

// stopFunc stops background work and waits for it until ctx is done.
type stopFunc func(ctx context.Context) error

// Run serves until ctx is done, followed by a graceful shutdown: readiness fails, streams end, connections drain,
// workers finish their jobs, and counted views are written. What exceeds the shutdown timeout is canceled, without
// loss of data: remaining views stay in the journal. Background work gets at least finishTime, even if requests used
// up the timeout. Returns nil after a complete shutdown.
func (a *App) Run(ctx context.Context) error {
	background := context.WithoutCancel(ctx)
	stops := []stopFunc{inBackground(background, a.parts.keys.Run), inBackground(background, a.parts.apiKeys.Run)}
	for _, r := range a.roles() {
		if r.start == nil {
			continue
		}
		stop, err := r.start(background, a.parts)
		if err != nil {
			return errors.Join(fmt.Errorf("start %s: %w", r.name, err), a.stop(background, stops))
		}
		stops = append(stops, stop)
	}
	serving := make(chan error, 1)
	go func() { serving <- a.serve() }()
	if err := a.welcome(ctx); err != nil {
		a.log.ErrorContext(ctx, "the setup link was not created", "error", err)
	}
	select {
	case err := <-serving:
		return errors.Join(err, a.stop(background, stops))
	case <-ctx.Done():
		a.log.InfoContext(ctx, "stopping")
		return a.stop(background, stops)
	}
}

func (a *App) serve() error {
	var err error
	if a.server.TLSConfig != nil {
		err = a.server.ServeTLS(a.listener, "", "")
	} else {
		err = a.server.Serve(a.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

func (a *App) stop(ctx context.Context, stops []stopFunc) error {
	a.draining.Store(true)
	for _, name := range append(a.services, "") {
		a.health.SetStatus(name, grpchealth.StatusNotServing)
	}
	a.wait(ctx, a.cfg.DrainDelay)
	limit := time.Now().Add(a.cfg.ShutdownTimeout)
	a.stopAccepting(ctx)
	a.streams.End() // callers that connect again at once reach another process
	errs := make([]error, 0, 1+len(stops))
	errs = append(errs, a.drainUntil(ctx, limit))
	if least := time.Now().Add(finishTime); limit.Before(least) {
		limit = least
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	for _, stop := range stops {
		errs = append(errs, stop(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	a.log.InfoContext(ctx, "stopped")
	return nil
}

// closeWhenDraining closes each connection after its next response while the process drains. Closing idle
// keep-alive connections instead would race with requests on them.
func (a *App) closeWhenDraining(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() {
			w.Header().Set("Connection", "close") // becomes GOAWAY in HTTP/2
		}
		next.ServeHTTP(w, r)
	})
}

// wait sleeps for delay, or until ctx is done.
func (a *App) wait(ctx context.Context, delay time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(delay):
	}
}

func (a *App) drainUntil(ctx context.Context, limit time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	return a.drain(ctx)
}

// drain shuts the HTTP server down gracefully. When ctx is done, it cancels the remaining requests with
// SHUTTING_DOWN.
func (a *App) drain(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	a.log.WarnContext(ctx, "shutdown timeout: canceling requests")
	a.stopServing(rpc.ShuttingDown())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	if a.server.Shutdown(ctx) == nil {
		return nil
	}
	if err := a.server.Close(); err != nil {
		return fmt.Errorf("close connections: %w", err)
	}
	return nil
}
