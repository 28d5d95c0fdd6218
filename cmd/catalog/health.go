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

// healthTimeout bounds the health check. It exceeds the server's own timeout for its database.
const healthTimeout = 5 * time.Second

// healthCmd is the health check for container images without a shell or curl.
type healthCmd struct {
	Addr    string `default:"localhost:8080" env:"CATALOG_ADDR" help:"Address on which the server listens."`
	TLSCert string `env:"CATALOG_TLS_CERT" help:"TLS certificate of the server, if it uses TLS." name:"tls-cert" placeholder:"FILE"`
	Live    bool   `env:"CATALOG_LIVE" help:"Check liveness only, not readiness: ignore the database."`
}

// Run returns an error unless the server is healthy.
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
	// The certificate's name is the public one, not localhost.
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

// url returns the URL of the probe; the host is localhost if the server listens on all interfaces.
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
