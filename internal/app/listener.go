package app

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// acceptTime is how long a connection may take from its first packet until it is accepted.
	acceptTime = 100 * time.Millisecond
	// silentTime is how long a new connection may say nothing while the process stops.
	silentTime = time.Second
)

// listen takes a port.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // Linux cannot stop its handshakes
	return config.Listen(ctx, "tcp", addr)
}

// letNobodyIn ends the coming of connections, and returns when those that came were heard. Closing the
// port alone would lose those that wait to be accepted, and net/http forgets a connection whose first
// request it has not read yet.
func (a *App) letNobodyIn(ctx context.Context) {
	if err := stopHandshakes(a.listener); err != nil {
		a.log.DebugContext(ctx, "connections are made until the port closes", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, silentTime)
	defer cancel()
	a.wait(ctx, acceptTime)
	for a.arrivals.waiting() && ctx.Err() == nil {
		a.wait(ctx, acceptTime/10)
	}
}

// noteConn is told of every change of a connection's state.
func (a *App) noteConn(conn net.Conn, state http.ConnState) {
	if a.draining.Load() {
		a.arrivals.note(conn, state)
	}
}

// arrivals are the connections that came while the process stops and have not asked for anything yet.
type arrivals struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// note is told of every change of a connection's state, once the process stops.
func (a *arrivals) note(conn net.Conn, state http.ConnState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if state != http.StateNew {
		delete(a.conns, conn)
		return
	}
	if a.conns == nil {
		a.conns = map[net.Conn]struct{}{}
	}
	a.conns[conn] = struct{}{}
}

func (a *arrivals) waiting() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.conns) > 0
}
