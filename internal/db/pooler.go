package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

const (
	// sessionTimeout bounds the wait for the first answer on a new connection. A pooler accepts more connections than
	// it has sessions for, and lets the others wait.
	sessionTimeout = 5 * time.Second
	// ownConns is the number of connections beside the pool: of the listener and of the heartbeat.
	ownConns = 2
	// poolerRounds is how often checkPooler looks. A pooler that serves nobody else is found in the first round; among
	// the statements of others, two of ours may meet the same sessions by chance.
	poolerRounds = 8
)

// errPooled is returned by Open behind a pooler in transaction mode.
var errPooled = errors.New("a connection pooler (such as PgBouncer) in transaction or statement mode is in front of " +
	"PostgreSQL at this address, and the catalog needs sessions of its own for locks, notifications and prepared " +
	"statements; use a pool in session mode (pool_mode=session), or the direct address of PostgreSQL")

// noSessionError reports a connection that was accepted and not served.
type noSessionError struct {
	conns    int // that this process opens at most
	patience time.Duration
}

func (e noSessionError) Error() string {
	return fmt.Sprintf("PostgreSQL accepted a connection and did not answer on it for %s; if a connection pooler "+
		"(such as PgBouncer) is in front of it, its pool is too small: this process needs %d sessions, which are "+
		"--database-max-conns (CATALOG_DATABASE_MAX_CONNS) and %d more", e.patience, e.conns, ownConns)
}

// sessionQuery identifies the session that runs it, also among several servers.
const sessionQuery = "SELECT pg_backend_pid() || ' ' || extract(epoch FROM pg_postmaster_start_time())"

// checkPooler returns errPooled if a pooler in transaction mode is in front of PostgreSQL. It compares the sessions
// that run the statements of two connections. Two connections to PostgreSQL itself, or to a pooler in session mode,
// have a session each, which stays the same. In transaction mode a session is free after each statement, so the next
// statement of the other connection gets the same session, or the next one of the same connection another session.
func (l *link) checkPooler(ctx context.Context) error {
	connector, err := l.server.connector(l.dialer)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(linkedConnector{Connector: connector, link: l})
	defer func() { _ = pool.Close() }() // it answered
	defer time.AfterFunc(poolerRounds*sessionTimeout, l.dialer.closeAll).Stop()
	var first, second *sql.Conn
	for _, conn := range []**sql.Conn{&first, &second} {
		if *conn, err = pool.Conn(ctx); err != nil {
			return err
		}
		defer func() { _ = (*conn).Close() }() //nolint:gocritic,revive // two
	}
	var own string
	for range poolerRounds {
		for _, conn := range []*sql.Conn{first, first, second, first} {
			var session string
			if err := conn.QueryRowContext(ctx, sessionQuery).Scan(&session); err != nil {
				return err
			}
			switch {
			case conn == second && session == own, conn == first && own != "" && session != own:
				return errPooled
			case conn == first:
				own = session
			}
		}
	}
	return nil
}

// dialKey is the key of a function in a context that is called with each connection that is dialed with it.
type dialKey struct{}

// withinTime runs fn, and closes a connection that fn dials if fn takes longer than sessionTimeout after that: drivers
// wait for an answer without regard to their context. Returns noSessionError then.
func (l *link) withinTime(ctx context.Context, fn func(ctx context.Context) error) error {
	patience := max(sessionTimeout, l.server.config.ConnectTimeout)
	var latest atomic.Pointer[time.Timer]
	var late atomic.Bool
	err := fn(context.WithValue(ctx, dialKey{}, func(c *dialed) {
		timer := time.AfterFunc(patience, func() {
			late.Store(true)
			_ = c.Conn.Close()
		})
		if earlier := latest.Swap(timer); earlier != nil {
			earlier.Stop() // to a server that did not do
		}
	}))
	if timer := latest.Load(); timer != nil {
		timer.Stop()
		timeout, ok := errors.AsType[net.Error](err) // connect_timeout ran out after the connection was accepted
		if ctx.Err() == nil && err != nil && (late.Load() || ok && timeout.Timeout()) {
			return noSessionError{conns: l.conns, patience: patience}
		}
	}
	return err
}

// reserve opens the minimum of connections that a process needs at once.
func (d *DB) reserve(ctx context.Context) error {
	for range minMaxConns {
		conn, err := d.write.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() //nolint:gocritic,revive // all are open at once
	}
	return nil
}
