// Package auth authenticates callers: passwords, access tokens, sessions, one-time tokens, and rate limits
// against password guessing.
package auth

import (
	"context"
	"net/netip"
)

// maxUserAgent bounds a stored User-Agent header, in bytes.
const maxUserAgent = 512

// Client describes the origin of a call.
type Client struct {
	// Address is the caller's network address as seen by the outermost trusted proxy. The zero value means
	// unknown.
	Address netip.Addr
	// UserAgent is the User-Agent header.
	UserAgent string
}

type clientKey struct{}

// WithClient returns a context with the client.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom returns the client of the context, or the zero Client if there is none.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// Network returns the key of a caller for rate limits: an IPv4 address, or the /64 prefix of an IPv6
// address, because a single host usually controls all of it.
func (c Client) Network() string {
	addr := c.Address.Unmap().WithZone("")
	if !addr.Is6() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}
