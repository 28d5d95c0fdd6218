package db

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// dialTimeout bounds how long a connection to PostgreSQL may take, unless the URL has connect_timeout.
	dialTimeout = 5 * time.Second
	// keepAlive is how often the kernel asks whether the other end of an idle connection is still there.
	keepAlive = 15 * time.Second
)

// dialer opens the connections to PostgreSQL, and can give all of them up at once.
type dialer struct {
	net net.Dialer

	// given counts how often connections were given up. One that is older does not count any more.
	given atomic.Int64

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

// DialTimeout opens a connection within a time.
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
	return c, nil
}

// retire makes the pool leave the connections that it has; those in use are used to the end.
func (d *dialer) retire() { d.given.Add(1) }

// closeAll closes every connection, whoever waits for an answer on it.
func (d *dialer) closeAll() {
	d.retire()
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.open {
		_ = c.Conn.Close() // whoever uses it hears of it
	}
	clear(d.open)
}

// dialed is a connection that the dialer knows of until it is closed.
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
