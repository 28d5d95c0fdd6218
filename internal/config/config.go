// Package config is what an operator can set: one struct that is flags, environment variables and help.
package config

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The roles that a process can take.
const (
	RoleProduct      = "product"
	RoleAdmin        = "admin"
	RoleNotification = "notification"
	RoleTracking     = "tracking"
)

// Config is everything that serve can be told. Each flag --a-b is also the variable CATALOG_A_B.
type Config struct {
	Storage   `embed:""`
	Logging   `embed:""`
	Mail      `embed:""`
	Telemetry `embed:""`

	Addr           string         `default:"localhost:8080" env:"CATALOG_ADDR" help:"Where to listen. Port 0 takes a free one."`
	PublicURL      string         `env:"CATALOG_PUBLIC_URL" help:"How others reach this server, for links in mails. Default: from --addr." name:"public-url" placeholder:"URL"`
	Roles          []string       `default:"product,admin,notification,tracking" enum:"product,admin,notification,tracking" env:"CATALOG_ROLES" help:"What this process does; a part of the roles needs PostgreSQL (${enum})."`
	TLSCert        string         `env:"CATALOG_TLS_CERT" help:"Certificate (PEM file): serve with TLS." name:"tls-cert" placeholder:"FILE"`
	TLSKey         string         `env:"CATALOG_TLS_KEY" help:"Key of the certificate (PEM file)." name:"tls-key" placeholder:"FILE"`
	CORSOrigins    []string       `env:"CATALOG_CORS_ORIGINS" help:"Origins whose pages may call the API, such as https://shop.example; * is any." name:"cors-origins" placeholder:"ORIGIN"`
	TrustedProxies []netip.Prefix `env:"CATALOG_TRUSTED_PROXIES" help:"Networks whose X-Forwarded-For is believed, such as 10.0.0.0/8." placeholder:"CIDR"`

	CacheBytes      int           `default:"67108864" env:"CATALOG_CACHE_BYTES" help:"Memory for products and lists that are read again and again; 0 keeps none."`
	MaxRequestBytes int           `default:"4194304" env:"CATALOG_MAX_REQUEST_BYTES" help:"Largest request, as sent and decompressed."`
	RequestTimeout  time.Duration `default:"30s" env:"CATALOG_REQUEST_TIMEOUT" help:"How long a request may take."`
	ReadMaxAge      time.Duration `default:"0s" env:"CATALOG_READ_MAX_AGE" help:"How long browsers and caches may answer anonymous reads by themselves, uncounted. 0s: they ask each time."`
	ShutdownTimeout time.Duration `default:"20s" env:"CATALOG_SHUTDOWN_TIMEOUT" help:"How long requests and jobs may go on after a signal to stop."`
	DrainDelay      time.Duration `default:"0s" env:"CATALOG_DRAIN_DELAY" help:"How long to go on after a signal to stop, not ready any more, until load balancers know."`

	SigningKey Secret `env:"CATALOG_SIGNING_KEY" help:"Ed25519 keys (PEM text) of access tokens: the first private one signs, all verify. Without the role admin public ones do. Default: made at the first start and kept in the database." placeholder:"PEM"`
}

// Storage says where the data is.
type Storage struct {
	DataDir     string `default:"./catalog-data" env:"CATALOG_DATA_DIR" help:"Folder for the SQLite database, the local mailbox and the journal of views."`
	DatabaseURL URL    `env:"CATALOG_DATABASE_URL" help:"sqlite:PATH or postgres://… Default: sqlite:DATA-DIR/catalog.db." name:"database-url" placeholder:"URL"`

	DatabaseMaxConns int `default:"20" env:"CATALOG_DATABASE_MAX_CONNS" help:"Most connections to PostgreSQL."`
}

// Logging says what is logged, to standard error.
type Logging struct {
	LogLevel  slog.Level `default:"info" env:"CATALOG_LOG_LEVEL" help:"debug, info, warn or error."`
	LogFormat string     `default:"text" enum:"text,json" env:"CATALOG_LOG_FORMAT" help:"text or json."`
}

// Mail says how mail leaves: through Mailgun, through SMTP, or, if neither is set, into the local
// mailbox DATA-DIR/mailbox.
type Mail struct {
	MailFrom          string        `env:"CATALOG_MAIL_FROM" help:"Sender of every mail. Default: catalog@ the Mailgun domain or the public URL's host." placeholder:"ADDRESS"`
	MailgunDomain     string        `env:"CATALOG_MAILGUN_DOMAIN" help:"Sending domain at Mailgun." placeholder:"DOMAIN"`
	MailgunAPIKey     Secret        `env:"CATALOG_MAILGUN_API_KEY" help:"Key that may send for the domain." name:"mailgun-api-key" placeholder:"KEY"`
	MailgunBaseURL    string        `default:"https://api.mailgun.net" env:"CATALOG_MAILGUN_BASE_URL" help:"Mailgun's address without a version; https://api.eu.mailgun.net for the EU." name:"mailgun-base-url"`
	MailgunWebhookKey Secret        `env:"CATALOG_MAILGUN_WEBHOOK_KEY" help:"Key that signs Mailgun's webhooks, which come to /webhooks/mailgun. Without it they are refused." placeholder:"KEY"`
	SMTPURL           URL           `env:"CATALOG_SMTP_URL" help:"smtp://USER:PASSWORD@HOST:PORT (STARTTLS if offered) or smtps://…" name:"smtp-url" placeholder:"URL"`
	MailRate          float64       `default:"0" env:"CATALOG_MAIL_RATE" help:"Most mails a second that this process hands over, on average, counted by recipient; 0 is no limit."`
	NotifyWindow      time.Duration `default:"30s" env:"CATALOG_NOTIFY_WINDOW" help:"Changes by one administrator within this time become one mail."`
}

// Telemetry says how the catalog can be watched from outside. What it sends to others is said by the
// variables that all programs with OpenTelemetry have, OTEL_…: see docs/telemetry.md.
type Telemetry struct {
	MetricsAddr string `env:"CATALOG_METRICS_ADDR" help:"Where to serve /metrics for Prometheus, apart from the API, such as :9464. Keep it from the Internet. Default: nowhere." placeholder:"HOST:PORT"`
	DebugAddr   string `env:"CATALOG_DEBUG_ADDR" help:"Where to serve /debug/pprof/ and /metrics for people on this machine: an address that no other can reach, such as localhost:6060. Default: nowhere." placeholder:"HOST:PORT"`

	TrustTraceparent bool `env:"CATALOG_TRUST_TRACEPARENT" help:"Go on with the traces of callers (header traceparent), all of whom must be trusted, instead of linking to them."`
}

// URL returns the database's URL.
func (s Storage) URL() string {
	if s.DatabaseURL != "" {
		return string(s.DatabaseURL)
	}
	return "sqlite:" + filepath.Join(s.DataDir, "catalog.db")
}

// IsSQLite reports whether the database is SQLite.
func (s Storage) IsSQLite() bool { return strings.HasPrefix(s.URL(), "sqlite:") }

// Has reports whether the process takes a role.
func (c *Config) Has(role string) bool { return slices.Contains(c.Roles, role) }

// TLS reports whether the server has a certificate.
func (c *Config) TLS() bool { return c.TLSCert != "" }
