package app

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/telemetry"
	"github.com/zebrands/catalog/test/dbtest"
)

const (
	telemetryPage = "../../docs/telemetry.md"
	tableBegin    = "<!-- metrics: go test ./internal/app -run Documentation -update -->\n"
	tableEnd      = "<!-- end of metrics -->\n"
)

var updateDocs = flag.Bool("update", false, "write the table in docs/telemetry.md instead of comparing with it")

// TestMetricsDocumentation holds the table of metrics in docs/telemetry.md against the instruments that a
// catalog of all roles makes.
func TestMetricsDocumentation(t *testing.T) {
	made := &recorder{instruments: map[string]instrument{}}
	to, err := telemetry.To(made)
	require.NoError(t, err)
	a, err := newApp(t.Context(), config.Config{
		Storage:        config.Storage{DataDir: t.TempDir(), DatabaseURL: config.URL(dbtest.URL(t, "postgres")), DatabaseMaxConns: 5},
		Mail:           config.Mail{MailgunBaseURL: "https://api.mailgun.net"},
		Addr:           "127.0.0.1:0",
		Roles:          []string{config.RoleProduct, config.RoleAdmin, config.RoleNotification, config.RoleTracking},
		RequestTimeout: time.Minute, ShutdownTimeout: time.Minute, MaxRequestBytes: 1 << 20,
	}, slog.New(slog.DiscardHandler), io.Discard, to)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop() // everything has started by the time it stops
	require.NoError(t, a.Run(ctx))
	require.NoError(t, a.Close())

	page, err := os.ReadFile(telemetryPage)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(page), tableBegin)
	require.True(t, found, "%s has no place for the table", telemetryPage)
	_, tail, found := strings.Cut(rest, tableEnd)
	require.True(t, found, "%s has no end of the table", telemetryPage)
	want := head + tableBegin + made.table(t) + tableEnd + tail
	if *updateDocs {
		require.NoError(t, os.WriteFile(telemetryPage, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(page), "run go test ./internal/app -run Documentation -update")
}

var (
	inQueries = regexp.MustCompile(`\b(?:catalog|rpc|db|http|messaging|go)_[a-z_]+`)
	labels    = regexp.MustCompile(`\{[^}]*\}|by \([^)]*\)`)
	suffix    = regexp.MustCompile(`(_seconds)_(?:bucket|count|sum)$`)
)

// TestWhatToWatchExists holds the queries in docs/operations.md against the table of metrics.
func TestWhatToWatchExists(t *testing.T) {
	metrics, err := os.ReadFile(telemetryPage)
	require.NoError(t, err)
	page, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "\n## What to watch")
	require.True(t, found)
	watch, _, _ := strings.Cut(rest, "\n## ")
	names := inQueries.FindAllString(labels.ReplaceAllString(watch, ""), -1)
	require.Greater(t, len(names), 10)
	for _, name := range names {
		require.Contains(t, string(metrics), "`"+suffix.ReplaceAllString(name, "$1")+"`")
	}
}
