package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a logger that writes lines of JSON or of text.
//
// A line gets the attributes that With added to its context, and trace_id and span_id if the context has a span: call
// the methods that take a context. E-mail addresses are masked everywhere in a line; other secrets must never be
// logged.
func NewLogger(w io.Writer, level slog.Leveler, asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var lines slog.Handler = slog.NewTextHandler(masking{w}, options)
	if asJSON {
		lines = slog.NewJSONHandler(masking{w}, options)
	}
	return slog.New(handler{lines})
}

// known is the logging data of a context.
type known struct {
	requestID string
	attrs     []slog.Attr
}

type knownKey struct{}

func knownTo(ctx context.Context) known {
	if k, ok := ctx.Value(knownKey{}).(*known); ok {
		return *k
	}
	return known{}
}

// With returns a context with additional attributes for its log lines.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	k := knownTo(ctx)
	k.attrs = slices.Concat(k.attrs, attrs)
	return context.WithValue(ctx, knownKey{}, &k)
}

// WithRequestID returns a context with a request id for its log lines.
func WithRequestID(ctx context.Context, id string) context.Context {
	k := knownTo(ctx)
	k.requestID = id
	return context.WithValue(ctx, knownKey{}, &k)
}

// RequestID returns the request id of the context; empty if it has none.
func RequestID(ctx context.Context) string { return knownTo(ctx).requestID }

// handler adds the context's data to records.
type handler struct{ slog.Handler }

// Handle writes a record.
func (h handler) Handle(ctx context.Context, record slog.Record) error {
	k := knownTo(ctx)
	if k.requestID != "" {
		record.AddAttrs(slog.String("request_id", k.requestID))
	}
	record.AddAttrs(k.attrs...)
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs returns a handler with additional attributes.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup returns a handler that opens a group.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
