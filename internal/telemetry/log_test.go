package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/zebrands/catalog/internal/telemetry"
)

func TestLinesKnowTheirRequestAndTrace(t *testing.T) {
	var out strings.Builder
	log := telemetry.NewLogger(&out, slog.LevelInfo, true).With("part", "x")
	ctx := telemetry.WithRequestID(t.Context(), "r1")
	require.Equal(t, "r1", telemetry.RequestID(ctx))
	require.Empty(t, telemetry.RequestID(t.Context()))
	ctx = telemetry.With(ctx, slog.Int("job", 7))
	sibling := telemetry.With(ctx, slog.Bool("sibling", true))
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})

	log.InfoContext(trace.ContextWithSpanContext(ctx, span), "hello")
	require.Equal(t, map[string]any{
		"part": "x", "request_id": "r1", "job": 7.0,
		"trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000",
	}, attributes(t, &out))
	log.InfoContext(telemetry.With(ctx, slog.Bool("other", true)), "hello")
	require.Equal(t, map[string]any{"part": "x", "request_id": "r1", "job": 7.0, "other": true}, attributes(t, &out))
	log.InfoContext(sibling, "hello")
	require.Equal(t, map[string]any{"part": "x", "request_id": "r1", "job": 7.0, "sibling": true}, attributes(t, &out))
	log.InfoContext(context.Background(), "hello")
	require.Equal(t, map[string]any{"part": "x"}, attributes(t, &out))
	log.DebugContext(ctx, "hello")
	require.Empty(t, out.String())
}

// attributes returns the attributes of the only line, and clears the output.
func attributes(t *testing.T, out *strings.Builder) map[string]any {
	t.Helper()
	line := out.String()
	out.Reset()
	require.Equal(t, 1, strings.Count(line, "\n"), line)
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
	for _, name := range []string{"time", "level", "msg"} {
		require.Contains(t, fields, name)
		delete(fields, name)
	}
	return fields
}

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"no address":                        "no address",
		"ana@example.com":                   "a***@example.com",
		"Ana <ana.b+c@mail.example.com>.":   "Ana <a***@mail.example.com>.",
		"x (email)=(ana@example.com) y":     "x (email)=(a***@example.com) y",
		"ana@example.com,bo@localhost":      "a***@example.com,b***@localhost",
		"élodie@exämple.рф":                 "é***@exämple.рф",
		"a@xn--p1ai":                        "a***@xn--p1ai",
		"?q=ana%40example.com&x":            "?q=a***%40example.com&x",
		"smtp://ana:secret@mail.example":    "smtp://ana:s***@mail.example",
		"%@ and @home":                      "%@ and @home",
		`"\nana@example.com"`:               `"\na***@example.com"`,
		`"\u001bana@example.com"`:           `"\u001ba***@example.com"`,
		"/mod/github.com/x/river@v0.34.0/a": "/mod/github.com/x/river@v0.34.0/a",
		"/mod/golang.org/x/exp@v0.0.0-20260824195058-e88cd73687aa/slices/x.go": "/mod/golang.org/x/exp@v0.0.0-20260824195058-e88cd73687aa/slices/x.go",
		"account-0198f2c4-1d2e-7f00-8a4b-9b5c1d2e3f40-7@example.com":           "account-0198f2c4-1d2e-7f00-8a4b-9b5c1d2e3f40-7@example.com",
	} {
		require.Equal(t, want, telemetry.Mask(text))
	}
}

func TestNoLineHoldsAnAddress(t *testing.T) {
	type anything struct{ Email string }
	for _, asJSON := range []bool{true, false} {
		var out strings.Builder
		log := telemetry.NewLogger(&out, slog.LevelDebug, asJSON)
		log.With("to", "ana@example.com").Debug("to ana@example.com",
			"error", errors.New("\x1b<ana@example.com> is unknown"),
			"any", anything{Email: "ana@example.com"},
			"list", []string{"ana@example.com"},
			slog.Group("group", "address", "\nana@example.com"))
		require.NotContains(t, out.String(), "ana@")
		require.Equal(t, 6, strings.Count(out.String(), "a***@example.com"), out.String())
		if asJSON {
			attributes(t, &out)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	line := strings.Repeat("some words without any address, as most lines are; ", 6)
	b.ReportAllocs()
	for b.Loop() {
		telemetry.Mask(line)
	}
}
