package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/zebrands/catalog/internal/clock"
)

const (
	// channel is the channel of PostgreSQL's notifications: of changed products (a trigger on the table sends
	// "products" and their ids), of each process's own heartbeat ("beat PROCESS SENT"), and of the messages of Publish
	// ("TOPIC TEXT").
	channel = "catalog"
	// beatPeriod is the interval of heartbeats.
	beatPeriod = 500 * time.Millisecond
	// StaleBound bounds how long a process can be unaware of a committed change: after that the missing heartbeat
	// tells it that it may be.
	StaleBound = 2 * time.Second
	// patience is the number of periods without a response to a heartbeat after which PostgreSQL counts as away.
	// Periods that this process missed do not count.
	patience = 8
	// maxFailures is the number of consecutive failed heartbeats after which PostgreSQL counts as away.
	maxFailures = 2
	// The bounds of the listener's reconnect backoff.
	minReconnect, maxReconnect = 100 * time.Millisecond, time.Second
)

// sessionSettings make PostgreSQL quickly detect a process whose machine or network is gone, and roll back its
// transactions. They disable JIT compilation, which costs 50 ms in each search of a million products, and saves less.
// They are set by statements, because connection poolers reject them as connection parameters.
//
// The first columns of the result are the process id of the session and the time.
const sessionSettings = "SELECT pg_backend_pid(), clock_timestamp(), " +
	"set_config('idle_in_transaction_session_timeout', '15s', false), " +
	"set_config('jit', 'off', false), set_config('tcp_keepalives_idle', '15', false), " +
	"set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)"

var (
	errAway      = errors.New("db: PostgreSQL does not answer")
	errUnwatched = errors.New("db: Watch works on a database once")
)

// link monitors the connection to PostgreSQL by a heartbeat: a notification that the process sends to itself, on two
// connections outside the pool, so that a busy pool does not matter.
//
// PostgreSQL delivers notifications in commit order. A heartbeat that comes back therefore proves that the process
// has received every change committed before it was sent, end to end: a connection pooler that drops notifications
// fails it.
//
// It is also a circuit breaker: when heartbeats fail or time out, PostgreSQL counts as away. New connections then
// fail fast and waiting ones are closed, until a heartbeat is answered again.
type link struct {
	log    *slog.Logger
	clock  *clock.Clock
	tell   func(ids []uuid.UUID)
	pass   func(topic, text string) // delivers a message
	dialer *dialer
	server postgres
	conns  int // the most connections that this process opens

	process string // its id on the channel
	start   time.Time

	away     atomic.Bool
	answered atomic.Int64 // send time of the latest answered heartbeat, since start
	proven   atomic.Int64 // send time of the latest received heartbeat, since start; 0 if none is valid

	probe    atomic.Pointer[sql.DB] // nil before watch
	listener *pq.Listener
	stop     context.CancelFunc
	done     chan struct{}
}

func newLink(
	log *slog.Logger, c *clock.Clock, tell func(ids []uuid.UUID), pass func(topic, text string),
) *link {
	return &link{
		log: log, clock: c, tell: tell, pass: pass, dialer: newDialer(), process: uuid.NewString(), start: time.Now(),
	}
}

// Watch starts monitoring the connection to PostgreSQL, until Close: see Informed and Ping. It does nothing on
// SQLite.
func (d *DB) Watch(ctx context.Context) error {
	if d.link == nil {
		return nil
	}
	if d.link.listener != nil {
		return errUnwatched
	}
	return d.link.watch(ctx, d.reserve)
}

// LinkState is the state of the connection to PostgreSQL.
type LinkState struct {
	// Away reports that PostgreSQL does not answer: the circuit breaker is open.
	Away bool
	// Age is the time since the latest answered heartbeat was sent.
	Age time.Duration
}

// Link returns the state of the connection to PostgreSQL; nil on SQLite, and before Watch.
func (d *DB) Link() *LinkState {
	if d.link == nil || d.link.stop == nil {
		return nil
	}
	age := time.Since(d.link.start) - time.Duration(d.link.answered.Load())
	return &LinkState{Away: d.link.away.Load(), Age: age}
}

// watch starts the heartbeats, after it has opened its own connections and reserve those of the pool: the circuit
// breaker would close connections that wait for a session before they can say so.
func (l *link) watch(ctx context.Context, reserve func(ctx context.Context) error) error {
	connector, err := l.server.connector(l.dialer)
	if err != nil {
		return err
	}
	probe := sql.OpenDB(linkedConnector{Connector: connector, link: l, always: true})
	probe.SetMaxOpenConns(1)
	l.probe.Store(probe)
	l.listener = pq.NewDialListener(l.dialer, l.server.url, minReconnect, maxReconnect, l.event)
	if err := l.listener.Listen(channel); err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), l.listener.Close(), probe.Close())
	}
	for _, open := range []func(context.Context) error{probe.PingContext, reserve} {
		if err := open(ctx); err != nil {
			return errors.Join(err, l.listener.Close(), probe.Close())
		}
	}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		l.run(ctx)
	}()
	go func() {
		for n := range l.listener.NotificationChannel() {
			l.heard(n)
		}
	}()
	return nil
}

// close stops monitoring. It ignores errors of the connections, because nothing is lost with them.
func (l *link) close() {
	if l.stop == nil {
		return
	}
	l.stop()
	select {
	case <-l.done:
	case <-time.After(beatPeriod): // it waits for a response that does not come
		l.dialer.closeAll()
		<-l.done
	}
	_ = l.listener.Close()
	_ = l.probe.Load().Close()
}

// event handles the events of the listener's connection.
func (l *link) event(event pq.ListenerEventType, err error) {
	l.proven.Store(0)
	l.log.Debug("database listener", "event", event.String(), "error", err)
}

// heard handles a notification. nil means that the connection, and notifications with it, were lost.
func (l *link) heard(n *pq.Notification) {
	if n == nil {
		l.proven.Store(0)
		l.tell(nil)
		return
	}
	kind, rest, _ := strings.Cut(n.Extra, " ")
	switch kind {
	case "products":
		l.tell(parseIDs(rest))
	case "beat":
		process, sent, _ := strings.Cut(rest, " ")
		if at, err := strconv.ParseInt(sent, 10, 64); err == nil && process == l.process {
			l.prove(at)
		}
	default:
		l.pass(kind, rest)
	}
}

// parseIDs returns no ids, which means all products, if anything is not an id.
func parseIDs(list string) []uuid.UUID {
	words := strings.Fields(list)
	ids := make([]uuid.UUID, len(words))
	for i, word := range words {
		id, err := uuid.Parse(word)
		if err != nil {
			return nil
		}
		ids[i] = id
	}
	return ids
}

// prove records a received heartbeat. After a gap, everything read before it may be stale.
func (l *link) prove(sent int64) {
	if !l.informed() {
		l.tell(nil)
	}
	l.proven.Store(sent)
}

func (l *link) informed() bool {
	proven := l.proven.Load()
	return proven != 0 && time.Since(l.start)-time.Duration(proven) <= StaleBound
}

// check returns an error if PostgreSQL is away.
func (l *link) check() error {
	if l.away.Load() {
		return errAway
	}
	return nil
}

// run sends heartbeats until ctx is done.
func (l *link) run(ctx context.Context) {
	tick := time.NewTicker(beatPeriod)
	defer tick.Stop()
	failures, late := 0, 0
	answer := l.send(ctx)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case err := <-answer:
			answer = nil
			failures = l.note(err, failures)
			if failures > 0 && failures < maxFailures {
				answer, late = l.send(ctx), 0
			}
		case <-tick.C:
			if answer == nil {
				answer, late = l.send(ctx), 0
				continue
			}
			late++
			if late == patience {
				l.setAway(true, errAway)
				l.dialer.closeAll()
			}
		}
	}
	if answer != nil {
		<-answer //nolint:errcheck // waits for the goroutine only
	}
}

// note records the outcome of a heartbeat, and returns the number of consecutive failures.
func (l *link) note(err error, failures int) int {
	if err == nil {
		l.setAway(false, nil)
		return 0
	}
	l.dialer.retire()
	if failures+1 >= maxFailures {
		l.setAway(true, err)
	}
	return failures + 1
}

// send sends a heartbeat, and returns the channel of its outcome.
func (l *link) send(ctx context.Context) chan error {
	answer := make(chan error, 1)
	go func() {
		sent := time.Since(l.start).Nanoseconds()
		// A heartbeat may be lost, so it does not wait for the disk.
		err := l.clock.Follow(func() (now time.Time, err error) {
			err = l.probe.Load().QueryRowContext(ctx, fmt.Sprintf(
				"SELECT clock_timestamp() FROM set_config('synchronous_commit', 'off', false), "+
					"pg_notify('%s', 'beat %s %d')", channel, l.process, sent)).Scan(&now)
			return now, err
		})
		if err == nil {
			l.answered.Store(sent)
		}
		answer <- err
	}()
	return answer
}

func (l *link) setAway(away bool, err error) {
	switch was := l.away.Swap(away); {
	case away && !was:
		l.log.Error("the database is unavailable", "error", err)
	case !away && was:
		l.log.Info("the database is available again")
	}
}

// linkedConnector opens sessions, unless the circuit breaker is open.
type linkedConnector struct {
	*pq.Connector

	link   *link
	always bool // also while the circuit breaker is open: for the heartbeat that closes it
}

// Connect opens a connection, which the pool discards once the dialer retires it.
func (c linkedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.link.check(); err != nil && !c.always {
		return nil, err
	}
	generation := c.link.dialer.generation.Load()
	var conn driverConn
	var session int
	err := c.link.withinTime(ctx, func(ctx context.Context) error {
		opened, err := c.Connector.Connect(ctx)
		if err != nil {
			return err
		}
		var ok bool
		if conn, ok = opened.(driverConn); !ok {
			return errors.Join(fmt.Errorf("db: cannot watch a %T", opened), opened.Close())
		}
		err = c.link.clock.Follow(func() (now time.Time, err error) {
			session, now, err = prepare(ctx, conn)
			return now, err
		})
		if err != nil {
			return errors.Join(fmt.Errorf("prepare a connection: %w", err), conn.Close())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &linkedConn{driverConn: conn, link: c.link, generation: generation, session: session}, nil
}

// prepare applies the session settings, and returns the process id of the session and the database's time.
func prepare(ctx context.Context, conn driverConn) (session int, now time.Time, err error) {
	rows, err := conn.QueryContext(ctx, sessionSettings, nil)
	if err != nil {
		return 0, now, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return 0, now, err
	}
	pid, isID := values[0].(int64)
	now, isTime := values[1].(time.Time)
	if !isID || !isTime {
		return 0, now, fmt.Errorf("db: a session is described by a %T and a %T", values[0], values[1])
	}
	return int(pid), now, nil
}

// linkedConn is a connection of the pool.
type linkedConn struct {
	driverConn

	link       *link
	generation int64
	session    int // its process id
}

// ResetSession is called before each reuse of a pooled connection.
func (c *linkedConn) ResetSession(ctx context.Context) error {
	if c.link.dialer.generation.Load() != c.generation {
		return driver.ErrBadConn
	}
	return c.driverConn.ResetSession(ctx)
}

// CheckNamedValue converts an argument to a type that the driver accepts.
func (c *linkedConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.driverConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}
