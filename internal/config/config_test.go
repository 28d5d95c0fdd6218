package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
)

// parse parses and validates flags and environment variables as the program does, ignoring the test's own environment.
func parse(t *testing.T, env map[string]string, args ...string) (config.Config, error) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "CATALOG_") {
			t.Setenv(name, value) // restored at the end
			require.NoError(t, os.Unsetenv(name))
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	var c config.Config
	parser, err := kong.New(&c, kong.Exit(func(int) { t.Fatal("exit") }))
	require.NoError(t, err)
	_, err = parser.Parse(args)
	return c, err
}

func TestDefaults(t *testing.T) {
	c, err := parse(t, nil)
	require.NoError(t, err)
	require.Equal(t, config.Config{
		Storage: config.Storage{DataDir: "./catalog-data", DatabaseMaxConns: 20},
		Logging: config.Logging{LogLevel: slog.LevelInfo, LogFormat: "text"},
		Mail: config.Mail{
			MailgunBaseURL: "https://api.mailgun.net", MailUnknown: "resend",
			NotifyWindow: 30 * time.Second,
		},
		Addr:               "localhost:8080",
		Roles:              []string{"product", "admin", "notification", "tracking"},
		CacheBytes:         64 << 20,
		MaxRequestBytes:    4 << 20,
		MaxStreams:         1000,
		MaxStreamsPerAdmin: 20,
		RequestTimeout:     30 * time.Second,
		ShutdownTimeout:    20 * time.Second, InvitationsPerHour: 30,
		SecurityEventRetention: 8760 * time.Hour, SecurityEventAddress: "full",
		APIKeyRate: 100, APIKeyBurst: 200,
	}, c)
	require.Equal(t, "sqlite:catalog-data/catalog.db", c.URL())
	require.True(t, c.IsSQLite())
	require.False(t, c.TLS())
	require.Equal(t, "http://localhost:8080", c.BaseURL(nil))
	require.Equal(t, "Catalog <catalog@localhost>", c.Sender("http://localhost:8080"))
}

func TestEveryFlagIsAnEnvironmentVariable(t *testing.T) {
	var c config.Config
	parser, err := kong.New(&c)
	require.NoError(t, err)
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" {
			continue
		}
		require.Equal(t, []string{"CATALOG_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))}, flag.Envs, flag.Name)
		require.NotEmpty(t, flag.Help, flag.Name)
	}
}

func TestEnvironment(t *testing.T) {
	c, err := parse(t, map[string]string{
		"CATALOG_NOTIFY_WINDOW":   "300ms",
		"CATALOG_READ_MAX_AGE":    "5m",
		"CATALOG_DATABASE_URL":    "postgres://u:p@db/catalog",
		"CATALOG_ROLES":           "product,tracking",
		"CATALOG_TRUSTED_PROXIES": "10.0.0.0/8,::1/128",
		"CATALOG_CORS_ORIGINS":    "https://a.example,http://localhost:3000",
		"CATALOG_LOG_LEVEL":       "debug",
		"CATALOG_ADDR":            ":1",
	}, "--addr", "0.0.0.0:9")
	require.NoError(t, err)
	require.Equal(t, 300*time.Millisecond, c.NotifyWindow)
	require.Equal(t, 5*time.Minute, c.ReadMaxAge)
	require.False(t, c.IsSQLite())
	require.True(t, c.Has(config.RoleTracking))
	require.False(t, c.Has(config.RoleAdmin))
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}, c.TrustedProxies)
	require.Equal(t, []string{"https://a.example", "http://localhost:3000"}, c.CORSOrigins)
	require.Equal(t, slog.LevelDebug, c.LogLevel)
	require.Equal(t, "0.0.0.0:9", c.Addr, "a flag wins")

	zero, err := parse(t, map[string]string{"CATALOG_NOTIFY_WINDOW": "0"})
	require.NoError(t, err)
	require.Zero(t, zero.NotifyWindow)
}

func TestInvalidValuesAreNamed(t *testing.T) {
	for env, values := range map[string][]string{
		"CATALOG_ADDR":                     {"", "localhost", "localhost:x", "localhost:70000"},
		"CATALOG_DATA_DIR":                 {""},
		"CATALOG_DATABASE_URL":             {"mysql://x", "sqlite:", "sqlite::memory:", "postgres", "postgres://%"},
		"CATALOG_PUBLIC_URL":               {"catalog.example", "ftp://x", "https://x?y", "https://x#y", "https://"},
		"CATALOG_MAIL_FROM":                {"nobody", "a@b, c@d"},
		"CATALOG_MAILGUN_DOMAIN":           {"mg.example.com", "https://mg.example.com"},
		"CATALOG_MAILGUN_API_KEY":          {"key"},
		"CATALOG_MAILGUN_BASE_URL":         {"", "api.mailgun.net", "https://api.mailgun.net/v3", "https://api.mailgun.net/v4/"},
		"CATALOG_SMTP_URL":                 {"localhost:25", "http://localhost", "smtp://"},
		"CATALOG_MAIL_RATE":                {"-1", "NaN", "+Inf", "fast"},
		"CATALOG_NOTIFY_WINDOW":            {"-1s", "30", "soon"},
		"CATALOG_SIGNING_KEY":              {"secret"},
		"CATALOG_CORS_ORIGINS":             {"shop.example", "https://shop.example/", "https://a.example,x"},
		"CATALOG_TLS_CERT":                 {"cert.pem"},
		"CATALOG_TLS_KEY":                  {"key.pem"},
		"CATALOG_ROLES":                    {"", "product", "nope", "product,product"},
		"CATALOG_LOG_LEVEL":                {"loud"},
		"CATALOG_LOG_FORMAT":               {"xml"},
		"CATALOG_SECURITY_EVENT_RETENTION": {"1h", "0", "x"},
		"CATALOG_SECURITY_EVENT_ADDRESS":   {"", "some"},
		"CATALOG_MAX_REQUEST_BYTES":        {"0", "x", "1000000000"},
		"CATALOG_MAX_STREAMS":              {"0", "x"},
		"CATALOG_MAX_STREAMS_PER_ADMIN":    {"0", "-1"},
		"CATALOG_API_KEY_RATE":             {"-1", "NaN", "+Inf", "fast"},
		"CATALOG_API_KEY_BURST":            {"0", "-1", "x"},
		"CATALOG_REQUEST_TIMEOUT":          {"0", "-1s", "x"},
		"CATALOG_READ_MAX_AGE":             {"-1s", "1500ms", "60"},
		"CATALOG_SHUTDOWN_TIMEOUT":         {"0", "x"},
		"CATALOG_DRAIN_DELAY":              {"-1s"},
		"CATALOG_DATABASE_MAX_CONNS":       {"0", "x"},
		"CATALOG_TRUSTED_PROXIES":          {"10.0.0.1", "x"},
		"CATALOG_CLIENT_ADDRESS_HEADER":    {"x y", "x:", "X-Forwarded-For", "forwarded", "do-connecting-ip"},
		"CATALOG_METRICS_ADDR":             {"9464", "localhost:70000"},
		"CATALOG_DEBUG_ADDR":               {"6060", "localhost:x", ":6060", "0.0.0.0:6060", "[::]:6060", "10.0.0.1:6060", "db.example:6060"},
	} {
		flag := "--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(env, "CATALOG_")), "_", "-")
		for _, value := range values {
			t.Run(env+"="+value, func(t *testing.T) {
				_, err := parse(t, map[string]string{env: value})
				require.Error(t, err)
				require.NotContains(t, err.Error(), "\n")
				if value != "mg.example.com" && value != "key" && !strings.HasSuffix(value, ".pem") {
					require.Contains(t, err.Error(), flag) // those four name the missing value
				}
				require.NotContains(t, err.Error(), "secret")
			})
		}
	}
}

func TestInvalidCombinationsAreNamed(t *testing.T) {
	mailgun := []string{"--mailgun-domain", "mg.example.com", "--mailgun-api-key", "key"}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"key without certificate":  {[]string{"--tls-key", "x"}, "--tls-cert (CATALOG_TLS_CERT)"},
		"certificate without key":  {[]string{"--tls-cert", "x"}, "--tls-key (CATALOG_TLS_KEY)"},
		"Mailgun without key":      {mailgun[:2], "--mailgun-api-key (CATALOG_MAILGUN_API_KEY)"},
		"Mailgun without domain":   {mailgun[2:], "--mailgun-domain (CATALOG_MAILGUN_DOMAIN)"},
		"two ways for mail":        {append(mailgun, "--smtp-url", "smtp://localhost"), "--smtp-url (CATALOG_SMTP_URL)"},
		"SQLite with split roles":  {[]string{"--roles", "product,admin"}, "PostgreSQL"},
		"roles on PostgreSQL":      {[]string{"--roles", "product", "--database-url", "postgres://h/d"}, ""},
		"Mailgun":                  {mailgun, ""},
		"SMTP":                     {[]string{"--smtp-url", "smtps://u:p@h:465"}, ""},
		"header without proxies":   {[]string{"--client-address-header", "do-connecting-ip"}, "needs --trusted-proxies"},
		"header of proxies":        {[]string{"--client-address-header", "do-connecting-ip", "--trusted-proxies", "10.0.0.0/8"}, ""},
		"any origin":               {[]string{"--cors-origins", "*"}, ""},
		"metrics for all":          {[]string{"--metrics-addr", ":9464"}, ""},
		"profiles here":            {[]string{"--debug-addr", "127.0.0.2:6060"}, ""},
		"profiles here, by name":   {[]string{"--debug-addr", "localhost:0"}, ""},
		"profiles here, version 6": {[]string{"--debug-addr", "[::1]:6060"}, ""},
		"a public URL with a path": {[]string{"--public-url", "https://x.example/catalog/"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, nil, c.args...)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestExports(t *testing.T) {
	for _, c := range []struct {
		env             map[string]string
		traces, metrics bool
	}{
		{nil, false, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, true, true},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, true, false},
		{map[string]string{"OTEL_METRICS_EXPORTER": "console"}, false, true},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_METRICS_EXPORTER": "none"}, true, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, false, false},
	} {
		t.Run(fmt.Sprint(c.env), func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			require.Equal(t, c.traces, config.Telemetry{}.TracesExporter() != "")
			require.Equal(t, c.metrics, config.Telemetry{}.MetricsExporter() != "")
		})
	}
}

func TestOpenTelemetrySaysHow(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")
	require.Equal(t, "grpc", config.Telemetry{}.TracesProtocol())
	require.Equal(t, "http/protobuf", config.Telemetry{}.MetricsProtocol())
	require.Empty(t, config.Telemetry{}.ScrapeAddr())

	t.Setenv("OTEL_METRICS_EXPORTER", "prometheus")
	require.Empty(t, config.Telemetry{}.MetricsExporter(), "they are fetched")
	require.Equal(t, "localhost:9464", config.Telemetry{}.ScrapeAddr())
	require.Equal(t, ":1", config.Telemetry{MetricsAddr: ":1"}.ScrapeAddr())
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_HOST", "::1")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_PORT", "9999")
	require.Equal(t, "[::1]:9999", config.Telemetry{}.ScrapeAddr())
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c := config.Config{
		Storage: config.Storage{DatabaseURL: "postgres://user:hunter2@db/catalog?password=hunter2&sslkey=hunter2"},
		Mail: config.Mail{
			SMTPURL: "smtp://user:hunter2@mail", MailgunAPIKey: "hunter2", MailgunWebhookKey: "hunter2",
		},
		SigningKey: "hunter2",
	}
	asJSON, err := json.Marshal(c) //nolint:musttag // only this test reads it
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", c)
	for _, text := range []string{
		string(asJSON), logged.String(), fmt.Sprint(c), fmt.Sprintf("%+v %#v", c, c),
	} {
		require.NotContains(t, text, "hunter2")
	}
	require.Contains(t, fmt.Sprint(c), "postgres://user:xxxxx@db/catalog")
	require.Equal(t, "postgres://user:hunter2@db/catalog?password=hunter2&sslkey=hunter2", c.URL(), "the value itself stays")
	require.Equal(t, "[redacted]", config.URL("postgres://u:%zz@x").String())
}

func TestBaseURL(t *testing.T) {
	listening := &net.TCPAddr{IP: net.IPv4zero, Port: 4711}
	for _, c := range []struct {
		config config.Config
		want   string
	}{
		{config.Config{Addr: ":0"}, "http://localhost:4711"},
		{config.Config{Addr: "0.0.0.0:0"}, "http://localhost:4711"},
		{config.Config{Addr: "[::]:0"}, "http://localhost:4711"},
		{config.Config{Addr: "10.1.2.3:0", TLSCert: "x"}, "https://10.1.2.3:4711"},
		{config.Config{Addr: ":0", PublicURL: "https://catalog.example/"}, "https://catalog.example"},
	} {
		require.Equal(t, c.want, c.config.BaseURL(listening))
	}
}

func TestSender(t *testing.T) {
	require.Equal(t, "Catalog <catalog@mg.example.com>",
		(&config.Config{Mail: config.Mail{MailgunDomain: "mg.example.com"}}).Sender("http://x"))
	require.Equal(t, "a@b.example", (&config.Config{Mail: config.Mail{MailFrom: "a@b.example"}}).Sender("http://x"))
}
