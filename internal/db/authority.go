package db

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lib/pq"
)

var (
	errBadAuthority = errors.New("open PostgreSQL: sslrootcert holds no certificate in PEM text")
	errOnlyReads    = errors.New("open PostgreSQL: the catalog writes, " +
		"so target_session_attrs must be read-write or primary")
)

// postgres is the connection configuration of a PostgreSQL database.
type postgres struct {
	config pq.Config
	url    string // the same, for callers that need a URL
}

// parsePostgres parses a database URL. It accepts sslinline=true with sslrootcert alone, though the driver would also
// require a client certificate: a container gets the certificate of the server's certificate authority as text, and
// has no file for it. Of several servers it uses those that accept writes.
func parsePostgres(databaseURL string) (postgres, error) {
	u, err := normalizeURL(databaseURL)
	if err != nil {
		return postgres{}, err
	}
	query := u.Query()
	if !query.Has("connect_timeout") {
		query.Set("connect_timeout", strconv.Itoa(int(dialTimeout.Seconds())))
	}
	u.RawQuery = query.Encode()
	config, err := pq.NewConfig(u.String())
	if err != nil {
		if password, ok := u.User.Password(); ok && strings.Contains(err.Error(), password) {
			return postgres{}, errBadURL
		}
		return postgres{}, fmt.Errorf("open PostgreSQL: %w", err)
	}
	switch attrs := config.TargetSessionAttrs; attrs {
	case pq.TargetSessionAttrsReadOnly, pq.TargetSessionAttrsStandby, pq.TargetSessionAttrsPreferStandby:
		return postgres{}, fmt.Errorf("%w: %s", errOnlyReads, attrs)
	case "":
		if len(config.Multi) > 0 {
			config.TargetSessionAttrs = pq.TargetSessionAttrsReadWrite
			query.Set("target_session_attrs", string(config.TargetSessionAttrs))
			u.RawQuery = query.Encode()
		}
	case pq.TargetSessionAttrsAny, pq.TargetSessionAttrsReadWrite, pq.TargetSessionAttrsPrimary:
	}
	if config.SSLInline && config.SSLRootCert != "" && config.SSLCert == "" {
		if err := inlineAuthority(&config); err != nil {
			return postgres{}, err
		}
		query.Set("sslmode", string(config.SSLMode))
		query.Del("sslinline")
		query.Del("sslrootcert")
		u.RawQuery = query.Encode()
	}
	return postgres{config: config, url: u.String()}, nil
}

// connector returns a connector that opens connections through a dialer.
func (p postgres) connector(d *dialer) (*pq.Connector, error) {
	connector, err := pq.NewConnectorConfig(p.config)
	if err != nil {
		return nil, errBadURL
	}
	connector.Dialer(d)
	return connector, nil
}

// inlineAuthority makes the driver verify the server's certificate against the text of sslrootcert, according to
// sslmode: including the host name for verify-full, without it otherwise.
func inlineAuthority(config *pq.Config) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(config.SSLRootCert)) {
		return errBadAuthority
	}
	settings := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: config.Host}
	if config.SSLMode != pq.SSLModeVerifyFull {
		settings.InsecureSkipVerify = true // skips the host name; VerifyConnection verifies the rest
		settings.VerifyConnection = func(state tls.ConnectionState) error {
			options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
			for _, certificate := range state.PeerCertificates[1:] {
				options.Intermediates.AddCert(certificate)
			}
			_, err := state.PeerCertificates[0].Verify(options)
			return err
		}
	}
	name := fmt.Sprintf("%x", sha256.Sum256([]byte(string(config.SSLMode)+config.Host+config.SSLRootCert)))
	if err := pq.RegisterTLSConfig(name, settings); err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	config.SSLMode, config.SSLInline, config.SSLRootCert = pq.SSLMode("pqgo-"+name), false, ""
	return nil
}
