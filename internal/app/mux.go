package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	connectcors "connectrpc.com/cors"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"github.com/rs/cors"

	"github.com/zebrands/catalog/clients/console"
	"github.com/zebrands/catalog/internal/build"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/internal/web"
)

const (
	// readyTimeout bounds the database's answer to a readiness probe.
	readyTimeout = 2 * time.Second
	// closedPolicy is the Content-Security-Policy of everything that is no page.
	closedPolicy = "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
	// strictTransport is the Strict-Transport-Security header: two years.
	strictTransport = "max-age=63072000"
	// corsMaxAge is how long browsers may cache preflight responses, in seconds.
	corsMaxAge = 7200
)

// mounter mounts the handlers of the roles.
type mounter struct {
	mux      *http.ServeMux
	options  []connect.HandlerOption
	limit    int
	services []string
}

// service mounts a service of the API at its path, "/catalog.v1.NameService/".
func (m *mounter) service(path string, handler http.Handler) {
	m.mux.Handle(path, rpc.Transport(m.limit, handler))
	m.services = append(m.services, path[1:len(path)-1])
}

// elsewhere mounts the error for the services of a role that this process does not have.
func (m *mounter) elsewhere(r role, have []string) {
	for _, name := range r.services {
		f := fault.New(fault.Unimplemented, fault.ServiceNotServed,
			"This server does not have %s: that takes the role %s, and it has %s. Call the catalog at its public address.",
			name, r.name, strings.Join(have, ", ")).With("role", r.name)
		m.mux.Handle("/"+name+"/", rpc.Transport(m.limit, rpc.Refuse(f)))
	}
}

// handler returns the handler of the process, with the services of its roles.
func (a *App) handler() (http.Handler, error) {
	options := a.parts.chain(&a.streams).HandlerOptions()
	m := &mounter{mux: http.NewServeMux(), options: options, limit: a.cfg.MaxRequestBytes}
	for _, r := range allRoles {
		if a.cfg.Has(r.name) {
			r.mount(a.parts, m)
		} else {
			m.elsewhere(r, a.cfg.Roles)
		}
	}
	a.services = m.services
	a.health = grpchealth.NewStaticChecker(m.services...)
	codecs := rpc.Codecs(m.limit)
	m.mux.Handle(grpchealth.NewHandler(a.health, codecs...))
	// The whole contract, whichever process a load balancer picks.
	reflector := grpcreflect.NewStaticReflector(append(allServices(), grpchealth.HealthV1ServiceName)...)
	m.mux.Handle(grpcreflect.NewHandlerV1(reflector, codecs...))
	m.mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector, codecs...))
	probes := a.mountProbes(m.mux)
	m.mux.Handle("GET /.well-known/jwks.json", a.parts.keys.JWKS())
	pages, err := fs.Sub(console.Dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	rest, err := newConsole(pages, rpc.Transport(m.limit, rpc.NotFound()))
	if err != nil {
		return nil, err
	}
	m.mux.Handle("/", rest)
	if err := a.mountVersion(m.mux); err != nil {
		return nil, err
	}
	instruments, err := a.instruments()
	if err != nil {
		return nil, err
	}
	observer := rpc.Observer{
		Log:                 a.log,
		Timeout:             a.cfg.RequestTimeout,
		Streams:             rpc.StreamPaths(a.services),
		TrustedProxies:      a.cfg.TrustedProxies,
		ClientAddressHeader: a.cfg.ClientAddressHeader,
		Instruments:         instruments,
		Quiet:               probes,
	}
	handler := rpc.NewIntake(m.limit).Wrap(a.requireHTTPS(closedToBrowsers(a.allowOrigins(m.mux))))
	return a.closeWhenDraining(observer.Wrap(handler)), nil
}

// mountProbes mounts the probes of liveness and readiness, and returns their paths.
func (a *App) mountProbes(mux *http.ServeMux) map[string]bool {
	alive := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }
	paths := map[string]bool{}
	for path, handle := range map[string]http.HandlerFunc{"/livez": alive, "/healthz": alive, "/readyz": a.ready} {
		mux.HandleFunc("GET "+path, handle)
		paths[path] = true
	}
	return paths
}

// mountVersion mounts the program's version, and the documentation, which contains it.
func (a *App) mountVersion(mux *http.ServeMux) error {
	info := build.Read()
	text, err := json.Marshal(map[string]string{"version": info.Version, "revision": info.Revision})
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	mux.Handle("GET /version", web.NewFile("version.json", append(text, '\n'), web.Revalidate))
	return web.MountDocs(mux, a.parts.baseURL, info.Version)
}

// requireHTTPS adds HTTP Strict Transport Security if the public URL is https. It does not include subdomains, which
// may belong to others.
func (a *App) requireHTTPS(next http.Handler) http.Handler {
	if !strings.HasPrefix(a.parts.baseURL, "https:") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", strictTransport)
		next.ServeHTTP(w, r)
	})
}

// closedToBrowsers adds headers that keep a browser from showing a response as anything but what it is, from running
// something in it, and from framing it. Pages replace the policy by their own.
func closedToBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", closedPolicy)
		header.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// instruments returns the metrics of requests; nil if telemetry is disabled.
func (a *App) instruments() (*rpc.Instruments, error) {
	if !a.telemetry.Enabled() {
		return nil, nil //nolint:nilnil // as documented
	}
	instruments, err := rpc.NewInstruments(a.telemetry.Tracer(), a.telemetry.Meter(), a.services,
		[]string{webhookPath}, a.cfg.TrustTraceparent)
	if err != nil {
		return nil, fmt.Errorf("measure requests: %w", err)
	}
	return instruments, nil
}

// allowOrigins adds CORS for the configured origins.
func (a *App) allowOrigins(next http.Handler) http.Handler {
	if len(a.cfg.CORSOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: a.cfg.CORSOrigins,
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", "If-None-Match", "X-Request-Id",
			"Traceparent", "Tracestate"),
		ExposedHeaders: append(connectcors.ExposedHeaders(), "ETag", "Retry-After", "WWW-Authenticate", "X-Request-Id"),
		MaxAge:         corsMaxAge,
	}).Handler(next)
}

// ready is the readiness probe: 200 if the database answers and the process is not draining.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := a.parts.db.Ping(ctx); err != nil {
		a.log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, notReady(err))
		return
	}
	answer(w, http.StatusOK, "ok")
}

// notReady says why the process is not ready.
func notReady(err error) string {
	for _, known := range []error{db.ErrStorageFull, db.ErrStorageDamaged} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "the database does not answer"
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // fails only if the client is gone
}
