package app_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/logs"
	"github.com/zebrands/catalog/test/wait"
)

// client talks HTTP/1.1.
var client = &http.Client{Timeout: time.Minute}

var setupLink = regexp.MustCompile(`(http\S+)/setup#token=(\S+)`)

// settings are the defaults, on a free port and in folders of the test.
func settings(t *testing.T) config.Config {
	t.Helper()
	return config.Config{
		Storage:         config.Storage{DataDir: t.TempDir(), DatabaseMaxConns: 5},
		Logging:         config.Logging{LogFormat: "text"},
		Mail:            config.Mail{MailgunBaseURL: "https://api.mailgun.net", NotifyWindow: time.Second},
		Addr:            "127.0.0.1:0",
		Roles:           []string{"product", "admin", "notification", "tracking"},
		MaxRequestBytes: 1 << 20,
		RequestTimeout:  10 * time.Second,
		ShutdownTimeout: 10 * time.Second,

		InvitationsPerHour: 30, MaxStreams: 100, MaxStreamsPerAdmin: 10, SecurityEventRetention: 24 * time.Hour, APIKeyBurst: 1,
	}
}

// catalog is an App that runs.
type catalog struct {
	*app.App

	printed, logged *logs.Log
	cancel          context.CancelFunc
	done            chan error
}

// boot starts the catalog. It takes requests when boot returns, and stops at the end of the test at
// the latest.
func boot(t *testing.T, cfg config.Config) *catalog {
	t.Helper()
	require.NoError(t, cfg.Validate())
	c := &catalog{printed: &logs.Log{}, logged: &logs.Log{}, done: make(chan error, 1)}
	a, err := app.New(t.Context(), cfg, slog.New(slog.NewTextHandler(c.logged, nil)), c.printed)
	require.NoError(t, err)
	c.App = a
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	c.cancel = cancel
	go func() { c.done <- a.Run(ctx) }()
	t.Cleanup(func() { c.stop(t) })
	return c
}

// stop stops the catalog in order; a second call does nothing.
func (c *catalog) stop(t *testing.T) {
	t.Helper()
	if c.done == nil {
		return
	}
	c.cancel()
	require.NoError(t, <-c.done)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close(), "twice is fine")
	c.done = nil
}

// setupToken returns the token of the link that the catalog prints.
func (c *catalog) setupToken(t *testing.T) string {
	t.Helper()
	wait.For(t, func() bool { return setupLink.MatchString(c.printed.String()) })
	match := setupLink.FindStringSubmatch(c.printed.String())
	require.Equal(t, c.URL(), match[1])
	return match[2]
}

func get(t *testing.T, url string) (int, http.Header, string) {
	t.Helper()
	return do(t, http.MethodGet, url, "")
}

func do(t *testing.T, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(raw)
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	status, _, answer := do(t, http.MethodPost, url, body, "Content-Type", "application/json")
	return status, answer
}

func TestFirstStart(t *testing.T) {
	cfg := settings(t)
	c := boot(t, cfg)
	token := c.setupToken(t)
	require.Contains(t, c.printed.String(), c.URL()+"/docs")
	require.Contains(t, c.printed.String(), "admin create --email you@example.com --name 'Your Name' --password-stdin")
	require.NotContains(t, c.logged.String(), token)

	setup := c.URL() + "/catalog.v1.AuthService/CompleteSetup"
	admin := `{"token":"` + token + `","email":"ada@example.com","name":"Ada","password":"correct horse battery"}`
	status, answer := post(t, setup, admin)
	require.Equal(t, http.StatusOK, status, answer)
	var session struct {
		AccessToken string `json:"accessToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &session))
	status, answer = post(t, setup, admin)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, answer, "SETUP_COMPLETE")

	products := catalogv1connect.NewProductServiceClient(client, c.URL())
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Authorization", "Bearer "+session.AccessToken)
	created, err := products.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
		Sku: "A-1", Name: "Lamp", Brand: "Zeb", Price: &catalogv1.Money{Amount: "129.90", CurrencyCode: "MXN"},
	}})
	require.NoError(t, err)
	_, err = products.GetProduct(t.Context(), &catalogv1.GetProductRequest{
		Key: &catalogv1.GetProductRequest_Id{Id: created.GetProduct().GetId()},
	})
	require.NoError(t, err)
	c.stop(t)

	again := boot(t, cfg)
	wait.For(t, func() bool { return strings.Contains(again.printed.String(), "ready") })
	require.NotContains(t, again.printed.String(), "/setup#", "there is an administrator now")
	again.requireViews(t, session.AccessToken, created.GetProduct().GetId(), 1)
}

// requireViews fails the test unless the product has that many views.
func (c *catalog) requireViews(t *testing.T, token, id string, want int64) {
	t.Helper()
	views := catalogv1connect.NewTrackingServiceClient(client, c.URL())
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Authorization", "Bearer "+token)
	now := time.Now()
	res, err := views.QueryProductViews(ctx, &catalogv1.QueryProductViewsRequest{
		ProductId: id, StartTime: timestamppb.New(now.Add(-24 * time.Hour)), EndTime: timestamppb.New(now.Add(24 * time.Hour)),
	})
	require.NoError(t, err)
	require.Equal(t, want, res.GetTotalViews(), "stopping wrote what was counted")
}

func TestProbesHealthAndReflection(t *testing.T) {
	c := boot(t, settings(t))
	for _, path := range []string{"/livez", "/healthz", "/readyz"} {
		status, _, body := get(t, c.URL()+path)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "ok\n", body)
	}
	require.NotRegexp(t, "livez|healthz", c.logged.String(), "probes are not worth a line")

	h2 := http2Client()
	health := grpchealth.NewClient(h2, c.URL(), connect.WithGRPC())
	for _, service := range []string{"", catalogv1connect.ProductServiceName, catalogv1connect.TrackingServiceName} {
		res, err := health.Check(t.Context(), &grpchealth.CheckRequest{Service: service})
		require.NoError(t, err)
		require.Equal(t, grpchealth.StatusServing, res.Status)
	}
	_, err := health.Check(t.Context(), &grpchealth.CheckRequest{Service: "nope"})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))

	stream := grpcreflect.NewClient(h2, c.URL(), connect.WithGRPC()).NewStream(t.Context())
	defer stream.Close()
	names, err := stream.ListServices()
	require.NoError(t, err)
	require.Subset(t, names, []protoreflect.FullName{
		"catalog.v1.ProductService", "catalog.v1.AuthService", "catalog.v1.AdminService",
		"catalog.v1.NotificationService", "catalog.v1.TrackingService", "grpc.health.v1.Health",
	})
}

func http2Client() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

func TestConfiguredOriginsMayCall(t *testing.T) {
	cfg := settings(t)
	cfg.CORSOrigins = []string{"https://shop.example"}
	c := boot(t, cfg)
	list := c.URL() + "/catalog.v1.ProductService/ListProducts"
	for origin, want := range map[string]string{"https://shop.example": "https://shop.example", "https://evil.example": ""} {
		status, header, _ := do(t, http.MethodOptions, list, "", "Origin", origin, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "authorization,connect-protocol-version,content-type,traceparent,tracestate")
		require.Equal(t, http.StatusNoContent, status)
		require.Equal(t, want, header.Get("Access-Control-Allow-Origin"))
		_, header, _ = do(t, http.MethodPost, list, "{}", "Origin", origin, "Content-Type", "application/json")
		require.Equal(t, want, header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, want != "", strings.Contains(header.Get("Access-Control-Expose-Headers"), "X-Request-Id"))
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	running := boot(t, settings(t))
	taken := settings(t)
	taken.Addr = strings.TrimPrefix(running.URL(), "http://")
	certificate := settings(t)
	certificate.TLSCert, certificate.TLSKey = "missing.pem", "missing.pem"
	folder := settings(t)
	folder.DataDir = filepath.Join(folder.DataDir, "file")
	require.NoError(t, os.WriteFile(folder.DataDir, nil, 0o600))
	database := settings(t)
	database.DatabaseURL = "postgres://localhost:1/none?connect_timeout=1&sslmode=disable"
	for want, cfg := range map[string]config.Config{
		"--addr (CATALOG_ADDR)":                 taken,
		"--tls-cert (CATALOG_TLS_CERT)":         certificate,
		"--data-dir (CATALOG_DATA_DIR)":         folder,
		"--database-url (CATALOG_DATABASE_URL)": database,
	} {
		_, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestAdministratorFromTheCommandLine(t *testing.T) {
	cfg := settings(t)
	id, err := app.CreateAdmin(t.Context(), cfg.Storage, slog.New(slog.DiscardHandler), "ada@example.com", "Ada", "correct horse battery")
	require.NoError(t, err)
	require.NoError(t, uuid.Validate(id))
	_, err = app.CreateAdmin(t.Context(), cfg.Storage, slog.New(slog.DiscardHandler), "ada@example.com", "Ada", "correct horse battery")
	require.True(t, fault.Is(err, fault.EmailTaken))
	status, answer := post(t, boot(t, cfg).URL()+"/catalog.v1.AuthService/SignIn", `{"email":"Ada@example.com","password":"correct horse battery"}`)
	require.Equal(t, http.StatusOK, status, answer)
}
