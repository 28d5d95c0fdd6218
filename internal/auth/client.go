// Package auth decides who makes a call: passwords, access tokens, sessions, tokens that work once,
// and the brake on guessing.
package auth

import (
	"context"
	"net/netip"
)

// maxUserAgent is how many bytes of a User-Agent header are kept.
const maxUserAgent = 512

// Client is where a call comes from.
type Client struct {
	// Address is the caller's own network address, behind every proxy that is trusted. The zero
	// value means that it is not known.
	Address netip.Addr
	// UserAgent is the User-Agent header.
	UserAgent string
}

type clientKey struct{}

// WithClient returns a context for calls from c.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom returns where the call comes from. Returns the zero Client if that was never noted.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// network returns what counts as one caller for throttling: an IPv4 address, or the 64 leading bits
// of an IPv6 address, because a single host commands all addresses below them.
func (c Client) network() string {
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
