package db

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/lib/pq"
)

var errBadAuthority = errors.New("open PostgreSQL: sslrootcert holds no certificate in PEM text")

// postgres is how to connect to a PostgreSQL database.
type postgres struct {
	config pq.Config
	url    string // the same for what takes no config
}

// parsePostgres reads a database URL. Unlike the driver, which then insists on a client's certificate
// too, it takes sslinline=true with sslrootcert alone: a container gets the authority that signed the
// server's certificate as text, and has no file for it.
func parsePostgres(databaseURL string) (postgres, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return postgres{}, errBadURL // the error may repeat the password
	}
	query := u.Query()
	if !query.Has("connect_timeout") {
		query.Set("connect_timeout", strconv.Itoa(int(dialTimeout.Seconds())))
	}
	u.RawQuery = query.Encode()
	config, err := pq.NewConfig(u.String())
	if err != nil {
		return postgres{}, errBadURL
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

// connector returns what opens connections through a dialer.
func (p postgres) connector(d *dialer) (*pq.Connector, error) {
	connector, err := pq.NewConnectorConfig(p.config)
	if err != nil {
		return nil, errBadURL
	}
	connector.Dialer(d)
	return connector, nil
}

// inlineAuthority makes the driver check the server's certificate against the text of sslrootcert, as
// sslmode says: with the name for verify-full, without it otherwise.
func inlineAuthority(config *pq.Config) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(config.SSLRootCert)) {
		return errBadAuthority
	}
	settings := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: config.Host}
	if config.SSLMode != pq.SSLModeVerifyFull {
		settings.InsecureSkipVerify = true // of the name; the rest is verified here
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
