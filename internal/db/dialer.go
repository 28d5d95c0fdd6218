package db

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// dialTimeout is the timeout of a connection to PostgreSQL, unless the URL has connect_timeout.
	dialTimeout = 5 * time.Second
	// keepAlive is the kernel's interval of keep-alive probes on an idle connection.
	keepAlive = 15 * time.Second
)

// dialer opens the connections to PostgreSQL, and can retire or close all of them at once.
type dialer struct {
	net net.Dialer

	// generation is the number of calls of retire. A connection of an older generation is not reused.
	generation atomic.Int64

	mu   sync.Mutex
	open map[*dialed]struct{}
}

func newDialer() *dialer {
	return &dialer{
		net:  net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive},
		open: map[*dialed]struct{}{},
	}
}

// Dial opens a connection.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout opens a connection with a timeout.
func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext opens a connection.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &dialed{Conn: conn, dialer: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[c] = struct{}{}
	if report, ok := ctx.Value(dialKey{}).(func(*dialed)); ok {
		report(c)
	}
	return c, nil
}

// retire makes the pool discard its connections; those in use finish first.
func (d *dialer) retire() { d.generation.Add(1) }

// closeAll closes every connection, including those that wait for a response.
func (d *dialer) closeAll() {
	d.retire()
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.open {
		_ = c.Conn.Close() // its user gets the error
	}
	clear(d.open)
}

// dialed is a connection that the dialer tracks until it is closed.
type dialed struct {
	net.Conn

	dialer *dialer
}

// Close closes the connection.
func (c *dialed) Close() error {
	c.dialer.mu.Lock()
	delete(c.dialer.open, c)
	c.dialer.mu.Unlock()
	return c.Conn.Close()
}
