package app

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// acceptTime bounds the time from a connection's first packet until it is accepted.
	acceptTime = 100 * time.Millisecond
	// silentTime bounds how long shutdown waits for the first request of a new connection.
	silentTime = time.Second
)

// listen binds a TCP address.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // stopHandshakes does not support it
	return config.Listen(ctx, "tcp", addr)
}

// stopAccepting is the first step of a graceful shutdown: it stops new TCP handshakes, and waits until queued
// connections are accepted and their first request is read. Closing the listener alone would reset the accept
// queue, and http.Server.Shutdown drops connections whose first request it has not read yet.
func (a *App) stopAccepting(ctx context.Context) {
	if err := stopHandshakes(a.listener); err != nil {
		a.log.DebugContext(ctx, "new connections arrive until the port closes", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, silentTime)
	defer cancel()
	a.wait(ctx, acceptTime)
	for a.newConns.waiting() && ctx.Err() == nil {
		a.wait(ctx, acceptTime/10)
	}
}

// trackConn is the server's ConnState hook.
func (a *App) trackConn(conn net.Conn, state http.ConnState) {
	if a.draining.Load() {
		a.newConns.track(conn, state)
	}
}

// newConns is the set of connections accepted during shutdown that have not sent a request yet.
type newConns struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (n *newConns) track(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state != http.StateNew {
		delete(n.conns, conn)
		return
	}
	if n.conns == nil {
		n.conns = map[net.Conn]struct{}{}
	}
	n.conns[conn] = struct{}{}
}

func (n *newConns) waiting() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns) > 0
}
