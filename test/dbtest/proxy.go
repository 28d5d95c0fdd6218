package dbtest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Proxy is a TCP proxy in front of PostgreSQL that can simulate network failures.
type Proxy struct {
	// URL is that of the database, through the proxy.
	URL string

	listener net.Listener
	network  string
	server   string
	done     sync.WaitGroup

	mu    sync.Mutex
	heal  chan struct{} // nil while bytes pass
	conns []net.Conn
}

// NewProxy returns a proxy in front of the database at a URL, and the URL of the same database through
// it. It ends with the test.
func NewProxy(t testing.TB, databaseURL string) (proxy *Proxy, through string) {
	t.Helper()
	p, err := StartProxy(t.Context(), databaseURL)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p, p.URL
}

// StartProxy starts a proxy in front of the database at a URL.
func StartProxy(ctx context.Context, databaseURL string) (*Proxy, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	p := &Proxy{network: "tcp", server: u.Host}
	query := u.Query()
	if dir := query.Get("host"); u.Host == "" && dir != "" {
		p.network, p.server = "unix", dir+"/.s.PGSQL."+portOr(query.Get("port"), "5432")
		query.Del("host")
		query.Del("port")
	}
	if p.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	u.Host = p.listener.Addr().String()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	p.URL = u.String()
	p.done.Go(p.accept)
	return p, nil
}

func portOr(port, otherwise string) string {
	if port == "" {
		return otherwise
	}
	return port
}

// Cut blocks all traffic without closing connections, like a network partition.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heal == nil {
		p.heal = make(chan struct{})
	}
}

// Heal ends Cut and forwards the held-back bytes.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heal != nil {
		close(p.heal)
		p.heal = nil
	}
}

// Reset closes all connections, like a restart of the server.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
}

// Close ends the proxy and every connection through it.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Heal()
	p.Reset()
	p.done.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.done.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	p.wait()
	server, err := (&net.Dialer{}).DialContext(context.Background(), p.network, p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.copy(server, client) })
	both.Go(func() { p.copy(client, server) })
	both.Wait()
}

func (p *Proxy) copy(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.wait()
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

// wait returns when bytes may pass.
func (p *Proxy) wait() {
	p.mu.Lock()
	heal := p.heal
	p.mu.Unlock()
	if heal != nil {
		<-heal
	}
}
