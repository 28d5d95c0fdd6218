package config

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/zebrands/catalog/internal/db"
)

// minRequestBytes is the minimum of --max-request-bytes: sign-in requests must fit.
const minRequestBytes = 1024

// maxRequestBytes is the maximum of --max-request-bytes: requests are held in memory.
const maxRequestBytes = 64 << 20

// minDatabaseConns is the minimum of --database-max-conns: jobs, requests and probes each hold one.
const minDatabaseConns = 4

// minEventRetention is the minimum of --security-event-retention: mails about an event are written from it.
const minEventRetention = 24 * time.Hour

// The bounds of --mail-rate, if not 0.
const minMailRate, maxMailRate = 0.01, 10_000.0

// maxAPIKeyRate is the maximum of --api-key-rate.
const maxAPIKeyRate = 1_000_000

// allRoles is the number of roles.
const allRoles = 4

var (
	mailgunVersion = regexp.MustCompile(`/v\d+/?$`)
	errIncomplete  = errors.New("incomplete")
)

// invalid returns an error that names a flag and its environment variable.
func invalid(flag, format string, args ...any) error {
	env := "CATALOG_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	return fmt.Errorf("--%s (%s) %s", flag, env, fmt.Sprintf(format, args...))
}

// Validate returns a one-line error that names the first invalid value. It does not contain secrets.
func (c *Config) Validate() error {
	for _, check := range []func() error{
		c.Storage.Validate, c.checkServer, c.checkTLS, c.checkOrigins, c.checkProxies, c.checkRoles, c.checkLimits,
		c.checkKeys, c.Mail.Validate, c.Telemetry.Validate,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// Validate returns an error that names the first invalid value.
func (s Storage) Validate() error {
	if s.DataDir == "" {
		return invalid("data-dir", "must not be empty")
	}
	if s.DatabaseMaxConns < minDatabaseConns {
		return invalid("database-max-conns", "must be at least %d, not %d", minDatabaseConns, s.DatabaseMaxConns)
	}
	if path, ok := strings.CutPrefix(s.URL(), "sqlite:"); ok {
		if path == "" || strings.Contains(path, ":memory:") {
			return invalid("database-url", "must name a file, as in sqlite:./catalog-data/catalog.db")
		}
		return nil
	}
	if scheme, _, _ := strings.Cut(s.URL(), "://"); scheme != "postgres" && scheme != "postgresql" {
		return invalid("database-url", "must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME, "+
			"where several servers are HOST1:PORT1,HOST2:PORT2")
	}
	if err := db.CheckURL(s.URL()); err != nil {
		return invalid("database-url", "cannot be used: %s", err)
	}
	return nil
}

func (c *Config) checkServer() error {
	if _, err := checkAddress("addr", c.Addr); err != nil {
		return err
	}
	if c.PublicURL == "" {
		return nil
	}
	u, err := webURL(c.PublicURL)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return invalid("public-url", "must be like https://catalog.example, not %q", c.PublicURL)
	}
	return nil
}

// checkAddress returns the host of a listening address. Returns an error that names the flag if it is
// invalid.
func checkAddress(flag, address string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", invalid(flag, "must be HOST:PORT, not %q", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", invalid(flag, "must have a port from 0 to 65535, not %q", port)
	}
	return host, nil
}

func (c *Config) checkTLS() error {
	switch {
	case c.TLSCert != "" && c.TLSKey == "":
		return invalid("tls-key", "must be set too if --tls-cert is")
	case c.TLSCert == "" && c.TLSKey != "":
		return invalid("tls-cert", "must be set too if --tls-key is")
	}
	// Environment files encode line breaks as \n.
	key := strings.ReplaceAll(string(c.SigningKey), `\n`, "\n")
	if block, _ := pem.Decode([]byte(key)); key != "" && block == nil {
		return invalid("signing-key", "must be keys as PEM text")
	}
	return nil
}

func (c *Config) checkOrigins() error {
	for _, origin := range c.CORSOrigins {
		u, err := webURL(origin)
		if origin != "*" && (err != nil || u.Scheme+"://"+u.Host != origin) {
			return invalid("cors-origins", "must be origins like https://shop.example, not %q", origin)
		}
	}
	return nil
}

// checkProxies rejects a header that nobody would be believed in, or that never holds exactly one address.
func (c *Config) checkProxies() error {
	switch header := c.ClientAddressHeader; {
	case header == "":
		return nil
	case !httpguts.ValidHeaderFieldName(header):
		return invalid("client-address-header", "must be the name of a header, not %q", header)
	case strings.EqualFold(header, "X-Forwarded-For"), strings.EqualFold(header, "Forwarded"):
		return invalid("client-address-header", "must name a header with one address, not %s; "+
			"X-Forwarded-For is read without this setting", header)
	case len(c.TrustedProxies) == 0:
		return invalid("client-address-header", "needs --trusted-proxies: nobody else is believed")
	}
	return nil
}

func (c *Config) checkRoles() error {
	seen := map[string]bool{}
	for _, role := range c.Roles {
		if seen[role] {
			return invalid("roles", "names %s twice", role)
		}
		seen[role] = true
	}
	if len(seen) == 0 {
		return invalid("roles", "must name at least one role")
	}
	if len(seen) < allRoles && c.IsSQLite() {
		return invalid("roles", "must be all of them on SQLite, which only one process can use; "+
			"set --database-url to a PostgreSQL database to split them")
	}
	return nil
}

// checkKeys checks the limits of API keys.
func (c *Config) checkKeys() error {
	// Written so that NaN is rejected too.
	if inRange := c.APIKeyRate >= 0 && c.APIKeyRate <= maxAPIKeyRate; !inRange {
		return invalid("api-key-rate", "must be 0, or up to %d a second, not %v", maxAPIKeyRate, c.APIKeyRate)
	}
	if c.APIKeyBurst < 1 {
		return invalid("api-key-burst", "must be at least 1, not %d", c.APIKeyBurst)
	}
	return nil
}

func (c *Config) checkLimits() error {
	switch {
	case c.CacheBytes < 0:
		return invalid("cache-bytes", "must not be negative, but is %d", c.CacheBytes)
	case c.MaxRequestBytes < minRequestBytes || c.MaxRequestBytes > maxRequestBytes:
		return invalid("max-request-bytes", "must be from %d to %d, not %d",
			minRequestBytes, maxRequestBytes, c.MaxRequestBytes)
	case c.MaxStreams < 1:
		return invalid("max-streams", "must be at least 1, not %d", c.MaxStreams)
	case c.MaxStreamsPerAdmin < 1:
		return invalid("max-streams-per-admin", "must be at least 1, not %d", c.MaxStreamsPerAdmin)
	case c.RequestTimeout <= 0:
		return invalid("request-timeout", "must be more than 0, not %s", c.RequestTimeout)
	case c.ReadMaxAge < 0 || c.ReadMaxAge%time.Second != 0:
		return invalid("read-max-age", "must be whole seconds, or 0, not %s", c.ReadMaxAge)
	case c.ShutdownTimeout <= 0:
		return invalid("shutdown-timeout", "must be more than 0, not %s", c.ShutdownTimeout)
	case c.SecurityEventRetention < minEventRetention:
		return invalid("security-event-retention", "must be at least %s, not %s",
			minEventRetention, c.SecurityEventRetention)
	case c.InvitationsPerHour < 1:
		return invalid("invitations-per-hour", "must be at least 1, not %d", c.InvitationsPerHour)
	case c.DrainDelay < 0:
		return invalid("drain-delay", "must not be negative, but is %s", c.DrainDelay)
	}
	return nil
}

// Validate returns an error that names the first invalid value.
func (m Mail) Validate() error {
	if _, err := mail.ParseAddress(m.MailFrom); m.MailFrom != "" && err != nil {
		return invalid("mail-from", "must be an address like catalog@example.com, not %q", m.MailFrom)
	}
	if m.NotifyWindow < 0 {
		return invalid("notify-window", "must not be negative, but is %s", m.NotifyWindow)
	}
	// Written so that NaN is rejected too.
	if inRange := m.MailRate >= minMailRate && m.MailRate <= maxMailRate; m.MailRate != 0 && !inRange {
		return invalid("mail-rate", "must be 0, or from %v to %v a second, not %v", minMailRate, maxMailRate, m.MailRate)
	}
	if err := m.checkMailgun(); err != nil {
		return err
	}
	return m.checkSMTP()
}

func (m Mail) checkMailgun() error {
	switch {
	case m.MailgunDomain != "" && m.MailgunAPIKey == "":
		return invalid("mailgun-api-key", "must be set too if --mailgun-domain is")
	case m.MailgunDomain == "" && m.MailgunAPIKey != "":
		return invalid("mailgun-domain", "must be set too if --mailgun-api-key is")
	case strings.ContainsAny(m.MailgunDomain, "/: "):
		return invalid("mailgun-domain", "must be a domain like mg.example.com, not %q", m.MailgunDomain)
	case mailgunVersion.MatchString(m.MailgunBaseURL):
		return invalid("mailgun-base-url", "must not end with a version, but is %q", m.MailgunBaseURL)
	}
	if _, err := webURL(m.MailgunBaseURL); err != nil {
		return invalid("mailgun-base-url", "must be like https://api.mailgun.net, not %q", m.MailgunBaseURL)
	}
	return nil
}

func (m Mail) checkSMTP() error {
	if m.SMTPURL == "" {
		return nil
	}
	if m.MailgunDomain != "" {
		return invalid("smtp-url", "must not be set together with --mailgun-domain: choose one")
	}
	u, err := url.Parse(string(m.SMTPURL))
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" {
		return invalid("smtp-url", "must be smtp://USER:PASSWORD@HOST:PORT or smtps://…")
	}
	return nil
}

// webURL parses an absolute HTTP or HTTPS URL.
func webURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", text, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, errIncomplete
	}
	return u, nil
}
