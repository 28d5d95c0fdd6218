package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// healthTimeout is how long the server may take to answer: longer than it gives its database.
const healthTimeout = 5 * time.Second

// healthCmd is the health check of an image that has no shell and no curl.
type healthCmd struct {
	Addr    string `default:"localhost:8080" env:"CATALOG_ADDR" help:"Where the server listens."`
	TLSCert string `env:"CATALOG_TLS_CERT" help:"Certificate of the server, if it serves with TLS." name:"tls-cert" placeholder:"FILE"`
	Live    bool   `env:"CATALOG_LIVE" help:"Ask only whether it answers at all, whatever its database does."`
}

// Run returns an error unless the server says that it is well.
func (c *healthCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	url, err := c.url()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("--addr (CATALOG_ADDR): %w", err)
	}
	// It asks itself: the name in the certificate is that of the outside.
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above; nothing secret is sent
	}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	return fmt.Errorf("the server answers %s: %s", res.Status, strings.TrimSpace(string(body)))
}

// url returns the address of the probe, on this machine if the server listens everywhere.
func (c *healthCmd) url() (string, error) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return "", fmt.Errorf("--addr (CATALOG_ADDR): %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	scheme, path := "http", "/readyz"
	if c.TLSCert != "" {
		scheme = "https"
	}
	if c.Live {
		path = "/livez"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + path, nil
}
