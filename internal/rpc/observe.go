package rpc

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/telemetry"
)

// requestIDHeader is the header of the request id, in both directions.
const requestIDHeader = "X-Request-ID"

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Observer gives every request an id, a deadline, a line in the access log, and a span if it is traced. Its log must
// come from telemetry.New, which adds the id to every line.
type Observer struct {
	Log *slog.Logger
	// Timeout is the deadline of a request; 0 disables it. A stream has it until it is open.
	Timeout time.Duration
	// Streams are the paths of streaming methods, from StreamPaths.
	Streams map[string]bool
	// TrustedProxies are the networks whose X-Forwarded-For header is trusted.
	TrustedProxies []netip.Prefix
	// ClientAddressHeader is trusted instead of X-Forwarded-For, from the same networks; "" disables it.
	ClientAddressHeader string
	// Instruments measure requests; nil disables them.
	Instruments *Instruments
	// Quiet are paths that are logged at debug level, because probes request them frequently.
	Quiet map[string]bool
}

// Wrap returns a handler that observes next. It puts the auth.Client into the context and X-Request-Id into the
// response: the request's own id if it has up to 64 letters, digits, dots, dashes and underscores, else a new one. A
// panic becomes status 500.
func (o Observer) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c := &call{requestID: r.Header.Get(requestIDHeader)}
		if !saneRequestID.MatchString(c.requestID) {
			c.requestID = rand.Text()
		}
		w.Header().Set(requestIDHeader, c.requestID)
		ctx := context.WithValue(r.Context(), callKey{}, c)
		ctx = o.Instruments.begin(telemetry.WithRequestID(ctx, c.requestID), r)
		client := auth.Client{
			Address:   clientAddress(r, o.TrustedProxies, o.ClientAddressHeader),
			UserAgent: r.UserAgent(),
		}
		ctx, cancel := o.limit(auth.WithClient(ctx, client), w, r, c)
		defer cancel()
		r = r.WithContext(ctx)
		sw := &statusWriter{ResponseWriter: w}
		defer func() {
			p := recover()
			aborted := p == http.ErrAbortHandler //nolint:errorlint // net/http compares it so
			if p != nil && !aborted {
				c.code, c.cause, c.stack = connect.CodeInternal, fmt.Errorf("%w: %v", errPanic, p), debug.Stack()
				if sw.status == 0 {
					sw.WriteHeader(http.StatusInternalServerError)
				}
			}
			took, status := time.Since(start), max(sw.status, http.StatusOK)
			o.log(r, c, status, took)
			o.Instruments.end(r, c, status, took)
			if aborted {
				panic(p)
			}
		}()
		next.ServeHTTP(sw, r)
	})
}

// StreamPaths returns the paths of the streaming methods of services.
func StreamPaths(services []string) map[string]bool {
	paths := map[string]bool{}
	for _, service := range services {
		for _, m := range methodsOf(service) {
			if m.IsStreamingServer() || m.IsStreamingClient() {
				paths[pathOf(m)] = true
			}
		}
	}
	return paths
}

// limit returns the context of a request with its deadline. A stream has a deadline, and those of its connection, only
// until it is open.
func (o Observer) limit(
	ctx context.Context, w http.ResponseWriter, r *http.Request, c *call,
) (context.Context, context.CancelFunc) {
	if !o.Streams[r.URL.Path] {
		if o.Timeout <= 0 {
			return ctx, func() {}
		}
		return context.WithTimeout(ctx, o.Timeout)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	inTime := func() bool { return true }
	if o.Timeout > 0 {
		inTime = time.AfterFunc(o.Timeout, func() { cancel(timedOut()) }).Stop
	}
	c.control = http.NewResponseController(w)
	c.opened = func() {
		inTime()
		_ = c.control.SetReadDeadline(time.Time{}) // where it is not supported, there is none
		_ = c.control.SetWriteDeadline(time.Time{})
		o.Instruments.open(ctx, r)
		o.logOpened(ctx, r, c)
	}
	return ctx, func() {
		inTime()
		cancel(nil)
	}
}

// logOpened writes the line of an open stream; the one of every request follows at its end.
func (o Observer) logOpened(ctx context.Context, r *http.Request, c *call) {
	attrs := slices.Concat([]slog.Attr{
		slog.String("method", r.URL.Path), slog.String("protocol", c.protocol),
		slog.String("client", auth.ClientFrom(ctx).Address.String()),
	}, c.callerIDs())
	o.Log.LogAttrs(ctx, slog.LevelInfo, "stream opened", attrs...)
}

func (o Observer) log(r *http.Request, c *call, status int, took time.Duration) {
	level := o.level(r, c)
	if !o.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 14)
	attrs = append(attrs, slog.String("method", clip(r.URL.Path, 200)))
	if c.protocol != "" {
		attrs = append(attrs, slog.String("protocol", c.protocol), slog.String("code", codeName(c.code)))
	} else {
		attrs = append(attrs, slog.String("http_method", r.Method), slog.Int("status", status))
	}
	if c.reason != "" {
		attrs = append(attrs, slog.String("reason", string(c.reason)))
	}
	client := auth.ClientFrom(r.Context()).Address.String()
	attrs = append(attrs, slog.Duration("duration", took), slog.String("client", client))
	attrs = append(attrs, c.callerIDs()...)
	if c.stream {
		attrs = append(attrs, slog.Int("messages", c.messages))
	}
	if c.cause != nil {
		attrs = append(attrs, slog.String("cause", c.cause.Error()))
	}
	if c.stack != nil {
		attrs = append(attrs, slog.String("stack", string(c.stack)))
	}
	o.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

func (o Observer) level(r *http.Request, c *call) slog.Level {
	switch {
	case c.code == connect.CodeInternal || c.code == connect.CodeUnknown:
		return slog.LevelError
	case c.code == connect.CodeUnavailable:
		return slog.LevelWarn
	case o.Quiet[r.URL.Path]:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

func codeName(code connect.Code) string {
	if code == 0 {
		return "ok"
	}
	return code.String()
}

// clip truncates s to at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// statusWriter records the status of the response.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, which Connect requires.
func (w *statusWriter) Flush() { flush(w.ResponseWriter) }

// Unwrap gives http.ResponseController access to the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}
