package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/grpchealth"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	// abortTime is how long requests that were cut off get to answer so.
	abortTime = time.Second
	// finishTime is what the background has at least to finish, however long requests took: counts that
	// are still in the journal may be lost with the machine's disk.
	finishTime = 5 * time.Second
)

// stopFunc ends something that runs in the background and waits for it, until ctx is done.
type stopFunc func(ctx context.Context) error

// Run serves until ctx is done, and then stops: readiness goes first, requests under way are answered,
// workers finish their jobs, counted views are written. What is not done after the shutdown timeout is
// cut off; no data is lost by that, as counted views then wait in the journal. Requests leave the
// background a few seconds at least, also when they used the timeout up. Returns nil after an orderly
// stop.
func (a *App) Run(ctx context.Context) error {
	background := context.WithoutCancel(ctx)
	stops := []stopFunc{inBackground(background, a.parts.keys.Run)}
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
		a.log.ErrorContext(ctx, "the setup link was not made", "error", err)
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
	a.letNobodyIn(ctx)
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

// hangUp makes each answer the last on its connection once this process drains. A connection that stayed
// open would be closed at some moment, and a request that comes at that moment would get no answer.
func (a *App) hangUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() {
			w.Header().Set("Connection", "close") // HTTP/2 has GOAWAY for it
		}
		next.ServeHTTP(w, r)
	})
}

// wait gives load balancers time to see that this process is not ready any more.
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

// drain answers what is under way. What takes longer than ctx is told that the server stops.
func (a *App) drain(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	a.log.WarnContext(ctx, "requests are cut off")
	a.stopServing(fault.New(fault.Unavailable, fault.ShuttingDown, "The server is stopping; try again."))
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
