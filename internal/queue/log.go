package queue

import (
	"context"
	"log/slog"
)

// quiet returns a logger for River that keeps warnings and errors. It demotes the rest, which reports every step, to
// debug level.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(quietHandler{log.Handler()}) }

type quietHandler struct{ slog.Handler }

// Enabled reports whether a record of a level is logged.
func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, quieter(level))
}

// Handle writes a record.
func (h quietHandler) Handle(ctx context.Context, record slog.Record) error {
	record.Level = quieter(record.Level)
	return h.Handler.Handle(ctx, record)
}

// WithAttrs returns a handler that adds attributes.
func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup returns a handler that opens a group.
func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}

func quieter(level slog.Level) slog.Level {
	if level < slog.LevelWarn {
		return slog.LevelDebug
	}
	return level
}
