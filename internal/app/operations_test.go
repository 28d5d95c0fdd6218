package app_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/logs"
	"github.com/zebrands/catalog/test/wait"
)

func TestOperationsEndpoints(t *testing.T) {
	cfg := settings(t)
	cfg.MetricsAddr, cfg.DebugAddr = freeAddress(t), freeAddress(t)
	c := boot(t, cfg)
	_, err := catalogv1connect.NewProductServiceClient(client, c.URL()).
		GetProduct(t.Context(), &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: "none"}})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))

	for _, addr := range []string{cfg.MetricsAddr, cfg.DebugAddr} {
		status, _, body := get(t, "http://"+addr+"/metrics")
		require.Equal(t, http.StatusOK, status)
		for _, want := range []string{
			`rpc_server_call_duration_seconds_count{error_type="NOT_FOUND",rpc_method="catalog.v1.ProductService/GetProduct"`,
			`catalog_rpc_errors_total{catalog_reason="PRODUCT_NOT_FOUND"`,
			"db_client_operation_duration_seconds_bucket", "db_client_connection_count", "http_server_active_requests",
			"catalog_queue_oldest_due_age_seconds", "catalog_deliveries{", "catalog_tracking_journal_size_bytes",
			"catalog_tracking_rollup_age_seconds", "catalog_cache_reads_total", "catalog_build_info{", "go_goroutine_count",
			`target_info{`, `service_name="catalog"`,
		} {
			require.Contains(t, body, want)
		}
	}
	status, _, body := get(t, "http://"+cfg.DebugAddr+"/debug/pprof/goroutine?debug=1")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "goroutine profile")
	status, _, _ = get(t, "http://"+cfg.MetricsAddr+"/debug/pprof/")
	require.Equal(t, http.StatusNotFound, status, "profiles are for this machine alone")
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		_, _, body := get(t, c.URL()+path)
		require.NotContains(t, body, "goroutine", "the API's port has neither")
	}
	c.stop(t)
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", cfg.MetricsAddr)
	require.Error(t, err)
}

func TestBacklogIsMeasuredByMailWorkersOnly(t *testing.T) {
	cfg := settings(t)
	cfg.DatabaseURL = config.URL(dbtest.URL(t, "postgres"))
	cfg.Roles = []string{"product", "admin"}
	cfg.MetricsAddr = freeAddress(t)
	boot(t, cfg)
	var body string
	wait.For(t, func() bool {
		_, _, body = get(t, "http://"+cfg.MetricsAddr+"/metrics")
		return strings.Contains(body, "catalog_db_link_up 1") // once the first heartbeat is answered
	})
	require.False(t, strings.Contains(body, "catalog_queue_oldest_due") || strings.Contains(body, "catalog_deliveries"))
}

func TestAddressInUseIsNamed(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	cfg := settings(t)
	cfg.MetricsAddr = l.Addr().String()
	_, err = app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), &logs.Log{})
	require.ErrorContains(t, err, "--metrics-addr (CATALOG_METRICS_ADDR)")
	cfg.MetricsAddr, cfg.DebugAddr = "", l.Addr().String()
	_, err = app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), &logs.Log{})
	require.ErrorContains(t, err, "--debug-addr (CATALOG_DEBUG_ADDR)")
}

func TestInvalidTelemetryIsNamed(t *testing.T) {
	for name, value := range map[string]string{"OTEL_TRACES_EXPORTER": "nowhere", "OTEL_METRICS_EXPORTER": "nowhere"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, err := app.New(context.WithoutCancel(t.Context()), settings(t), slog.New(slog.DiscardHandler), &logs.Log{})
			require.ErrorContains(t, err, name)
		})
	}
}
