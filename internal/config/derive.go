package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// BaseURL returns the public URL without a slash at its end. listening is the address that the server
// listens on, for when none is configured.
func (c *Config) BaseURL(listening net.Addr) string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil { // Validate refuses such an address
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	if tcp, ok := listening.(*net.TCPAddr); ok {
		port = strconv.Itoa(tcp.Port)
	}
	scheme := "http"
	if c.TLS() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Sender returns the address that mails come from.
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
