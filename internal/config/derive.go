package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// BaseURL returns the public URL without a trailing slash. If none is configured, it derives from the
// server's actual listening address.
func (c *Config) BaseURL(addr net.Addr) string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil { // Validate rejects such an address
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	if tcp, ok := addr.(*net.TCPAddr); ok {
		port = strconv.Itoa(tcp.Port)
	}
	scheme := "http"
	if c.TLS() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Sender returns the From address of mail.
func (c *Config) Sender(baseURL string) string {
	if c.MailFrom != "" {
		return c.MailFrom
	}
	domain := c.MailgunDomain
	if u, err := url.Parse(baseURL); domain == "" && err == nil {
		domain = u.Hostname()
	}
	return "Catalog <catalog@" + domain + ">"
}
