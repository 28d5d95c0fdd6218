// Package config defines the settings of the server: one struct for flags, environment variables and help.
package config

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The roles of a process.
const (
	RoleProduct      = "product"
	RoleAdmin        = "admin"
	RoleNotification = "notification"
	RoleTracking     = "tracking"
)

// Config holds the settings of serve. Each flag --a-b is also the environment variable CATALOG_A_B.
type Config struct {
	Storage   `embed:""`
	Logging   `embed:""`
	Mail      `embed:""`
	Telemetry `embed:""`

	Addr           string         `default:"localhost:8080" env:"CATALOG_ADDR" help:"Address to listen on. Port 0 picks a free port."`
	PublicURL      string         `env:"CATALOG_PUBLIC_URL" help:"Public URL of this server, used for links in mails. Default: derived from --addr." name:"public-url" placeholder:"URL"`
	Roles          []string       `default:"product,admin,notification,tracking" enum:"product,admin,notification,tracking" env:"CATALOG_ROLES" help:"Roles of this process (${enum}). Running a subset requires PostgreSQL."`
	TLSCert        string         `env:"CATALOG_TLS_CERT" help:"TLS certificate (PEM file). Enables TLS." name:"tls-cert" placeholder:"FILE"`
	TLSKey         string         `env:"CATALOG_TLS_KEY" help:"Private key of the TLS certificate (PEM file)." name:"tls-key" placeholder:"FILE"`
	CORSOrigins    []string       `env:"CATALOG_CORS_ORIGINS" help:"Origins allowed to call the API from browsers (CORS), such as https://shop.example; * allows any." name:"cors-origins" placeholder:"ORIGIN"`
	TrustedProxies []netip.Prefix `env:"CATALOG_TRUSTED_PROXIES" help:"Networks of reverse proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8." placeholder:"CIDR"`

	ClientAddressHeader string `env:"CATALOG_CLIENT_ADDRESS_HEADER" help:"Header in which the trusted proxies name the client's address, believed instead of X-Forwarded-For, such as do-connecting-ip on DigitalOcean's App Platform." placeholder:"NAME"`

	CacheBytes         int           `default:"67108864" env:"CATALOG_CACHE_BYTES" help:"Memory limit of the read cache in bytes, approximate; 0 disables the cache."`
	MaxRequestBytes    int           `default:"4194304" env:"CATALOG_MAX_REQUEST_BYTES" help:"Maximum size of a request in bytes, compressed and decompressed."`
	MaxStreams         int           `default:"1000" env:"CATALOG_MAX_STREAMS" help:"Maximum number of open streams (WatchProductChanges) of this process."`
	MaxStreamsPerAdmin int           `default:"20" env:"CATALOG_MAX_STREAMS_PER_ADMIN" help:"Maximum number of open streams of one administrator or API key in this process."`
	RequestTimeout     time.Duration `default:"30s" env:"CATALOG_REQUEST_TIMEOUT" help:"Time limit for a request."`
	ReadMaxAge         time.Duration `default:"0s" env:"CATALOG_READ_MAX_AGE" help:"Cache-Control max-age of anonymous reads: browsers and shared caches answer them that long, uncounted. 0s: they revalidate each time."`
	ShutdownTimeout    time.Duration `default:"20s" env:"CATALOG_SHUTDOWN_TIMEOUT" help:"Graceful shutdown: how long requests and jobs in flight may take to finish after a stop signal."`
	DrainDelay         time.Duration `default:"0s" env:"CATALOG_DRAIN_DELAY" help:"Graceful shutdown: how long to keep serving after a stop signal while readiness already fails, so that load balancers stop routing here."`

	SecurityEventRetention time.Duration `default:"8760h" env:"CATALOG_SECURITY_EVENT_RETENTION" help:"How long the audit trail keeps security events; at least 24h. Default: a year."`
	SecurityEventAddress   string        `default:"full" enum:"full,network,none" env:"CATALOG_SECURITY_EVENT_ADDRESS" help:"What the audit trail keeps of callers' network addresses: full, network (IPv4 /24, IPv6 /48) or none."`
	APIKeyRate             float64       `default:"100" env:"CATALOG_API_KEY_RATE" help:"Rate limit of each API key in this process: calls a second, on average; 0 means no limit." name:"api-key-rate"`
	APIKeyBurst            int           `default:"200" env:"CATALOG_API_KEY_BURST" help:"How many calls of one API key this process accepts at once, above its rate." name:"api-key-burst"`

	InvitationsPerHour int `default:"30" env:"CATALOG_INVITATIONS_PER_HOUR" help:"How many administrators one administrator may create or invite in an hour."`

	SigningKey Secret `env:"CATALOG_SIGNING_KEY" help:"Ed25519 keys (PEM text) of access tokens: the first private key signs, all keys verify. Without the role admin, public keys suffice. Default: generated at the first start and stored in the database." placeholder:"PEM"`
}

// Storage configures where data is stored.
type Storage struct {
	DataDir     string `default:"./catalog-data" env:"CATALOG_DATA_DIR" help:"Folder of the SQLite database, the local mailbox and the view journal."`
	DatabaseURL URL    `env:"CATALOG_DATABASE_URL" help:"Database: sqlite:PATH or postgres://… Default: sqlite:DATA-DIR/catalog.db." name:"database-url" placeholder:"URL"`

	DatabaseMaxConns int `default:"20" env:"CATALOG_DATABASE_MAX_CONNS" help:"Maximum number of connections to PostgreSQL."`
}

// Logging configures the log on standard error.
type Logging struct {
	LogLevel  slog.Level `default:"info" env:"CATALOG_LOG_LEVEL" help:"Minimum log level: debug, info, warn or error."`
	LogFormat string     `default:"text" enum:"text,json" env:"CATALOG_LOG_FORMAT" help:"Log format: text or json."`
}

// Mail configures outgoing mail: through Mailgun, through SMTP, or, if neither is set, into the local mailbox
// DATA-DIR/mailbox.
type Mail struct {
	MailFrom          string        `env:"CATALOG_MAIL_FROM" help:"Sender (From) of all mail. Default: catalog@ the Mailgun domain or the public URL's host." placeholder:"ADDRESS"`
	MailgunDomain     string        `env:"CATALOG_MAILGUN_DOMAIN" help:"Sending domain at Mailgun." placeholder:"DOMAIN"`
	MailgunAPIKey     Secret        `env:"CATALOG_MAILGUN_API_KEY" help:"API key with permission to send for the domain." name:"mailgun-api-key" placeholder:"KEY"`
	MailgunBaseURL    string        `default:"https://api.mailgun.net" env:"CATALOG_MAILGUN_BASE_URL" help:"Base URL of Mailgun's API, without a version; https://api.eu.mailgun.net for the EU." name:"mailgun-base-url"`
	MailgunWebhookKey Secret        `env:"CATALOG_MAILGUN_WEBHOOK_KEY" help:"Signing key of Mailgun's webhooks, which are received at /webhooks/mailgun. Without it they are rejected." placeholder:"KEY"`
	SMTPURL           URL           `env:"CATALOG_SMTP_URL" help:"SMTP server: smtp://USER:PASSWORD@HOST:PORT (STARTTLS if offered) or smtps://…" name:"smtp-url" placeholder:"URL"`
	MailUnknown       string        `default:"resend" enum:"resend,hold" env:"CATALOG_MAIL_UNKNOWN" help:"What happens to a mail of unknown outcome if the Mailgun key may not read events: resend it, so that it may arrive twice, or hold it until an administrator retries it."`
	MailRate          float64       `default:"0" env:"CATALOG_MAIL_RATE" help:"Rate limit of outgoing mail in this process: recipients a second, on average; 0 means no limit."`
	NotifyWindow      time.Duration `default:"30s" env:"CATALOG_NOTIFY_WINDOW" help:"Changes by one administrator within this time are batched into one mail."`
}

// Telemetry configures the operations endpoints. The standard OTEL_… variables configure exporters: see
// docs/telemetry.md.
type Telemetry struct {
	MetricsAddr string `env:"CATALOG_METRICS_ADDR" help:"Address on which to serve /metrics for Prometheus, separate from the API, such as :9464. Do not expose it to the Internet. Default: off." placeholder:"HOST:PORT"`
	DebugAddr   string `env:"CATALOG_DEBUG_ADDR" help:"Loopback address on which to serve /debug/pprof/ and /metrics, such as localhost:6060. Default: off." placeholder:"HOST:PORT"`

	TrustTraceparent bool `env:"CATALOG_TRUST_TRACEPARENT" help:"Continue the traces of callers (header traceparent) instead of linking to them. Only if all callers are trusted."`
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

// Has reports whether the process has a role.
func (c *Config) Has(role string) bool { return slices.Contains(c.Roles, role) }

// TLS reports whether the server has a certificate.
func (c *Config) TLS() bool { return c.TLSCert != "" }
