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
)

const (
	// channel is where PostgreSQL tells every process of changed products (a trigger on the table sends
	// "products" and their ids), where each process hears its own heartbeat ("beat PROCESS SENT"), and
	// where messages of Publish go ("TOPIC TEXT").
	channel = "catalog"
	// beatPeriod is how often the heart beats.
	beatPeriod = 500 * time.Millisecond
	// StaleBound is how long after a change was committed a process may still not know of it: then its
	// heartbeat has been missing for so long that it knows that it does not know.
	StaleBound = 2 * time.Second
	// patience is how many periods may begin while a heartbeat is not answered before PostgreSQL counts as
	// away. Periods that this process had no time for do not count.
	patience = 8
	// maxFailures is how many heartbeats in a row may fail before PostgreSQL counts as away.
	maxFailures = 2
	// The listener's connection is opened again after the first pause, and later ones grow up to the second.
	minReconnect, maxReconnect = 100 * time.Millisecond, time.Second
)

// sessionSettings let PostgreSQL soon notice a process whose machine or network is gone, and then let go of
// what its transactions hold. It compiles no queries, which costs 50 ms in a search of a million products, at
// each run, and saves less. They are set by statements, because connection poolers refuse them as parameters
// of a connection.
const sessionSettings = "SET idle_in_transaction_session_timeout = '15s'; SET jit = off; " +
	"SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"

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
	tell   func(ids []uuid.UUID)
	pass   func(topic, text string) // messages
	dialer *dialer
	server postgres

	process string // names it on the channel
	start   time.Time

	away     atomic.Bool
	answered atomic.Int64 // when the latest answered heartbeat was sent, since start
	proven   atomic.Int64 // when the latest heartbeat that came back was sent, since start; 0 if none counts

	probe    *sql.DB
	listener *pq.Listener
	stop     context.CancelFunc
	done     chan struct{}
}

func newLink(log *slog.Logger, tell func(ids []uuid.UUID), pass func(topic, text string)) *link {
	return &link{log: log, tell: tell, pass: pass, dialer: newDialer(), process: uuid.NewString(), start: time.Now()}
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
	return d.link.watch(ctx)
}

// LinkState is the state of the connection to PostgreSQL.
type LinkState struct {
	// Away reports that PostgreSQL does not answer: the circuit breaker is open.
	Away bool
	// Age is how long ago the latest heartbeat was sent that PostgreSQL answered.
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

func (l *link) watch(ctx context.Context) error {
	connector, err := l.server.connector(l.dialer)
	if err != nil {
		return err
	}
	l.probe = sql.OpenDB(connector)
	l.probe.SetMaxOpenConns(1)
	l.listener = pq.NewDialListener(l.dialer, l.server.url, minReconnect, maxReconnect, l.event)
	if err := l.listener.Listen(channel); err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), l.listener.Close(), l.probe.Close())
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

// close ends the watch. Nothing is lost with its connections, so their errors are no news.
func (l *link) close() {
	if l.stop == nil {
		return
	}
	l.stop()
	select {
	case <-l.done:
	case <-time.After(beatPeriod): // it waits for an answer that does not come
		l.dialer.closeAll()
		<-l.done
	}
	_ = l.listener.Close()
	_ = l.probe.Close()
}

// event notes what becomes of the listener's connection.
func (l *link) event(event pq.ListenerEventType, err error) {
	l.proven.Store(0)
	l.log.Debug("listener of the database", "event", event.String(), "error", err)
}

// heard handles a notification. None says that the connection was lost, and others with it.
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

// parseIDs returns none, which stands for all, if anything is not an id.
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

// prove notes that a heartbeat came back. After a gap, whatever was read before it may be outdated.
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

// run lets the heart beat until ctx is done.
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
		<-answer //nolint:errcheck // nobody is interested any more
	}
}

// note notes the outcome of a heartbeat, and returns how many in a row have failed.
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

// send sends a heartbeat, and returns where the answer comes.
func (l *link) send(ctx context.Context) chan error {
	answer := make(chan error, 1)
	go func() {
		sent := time.Since(l.start).Nanoseconds()
		// Nothing is lost with a heartbeat, so it does not wait for the disk.
		_, err := l.probe.ExecContext(ctx, fmt.Sprintf(
			"SET synchronous_commit = off; SELECT pg_notify('%s', 'beat %s %d')", channel, l.process, sent))
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
		l.log.Error("the database is away", "error", err)
	case !away && was:
		l.log.Info("the database is back")
	}
}

// linkedConnector opens connections of the pool, while PostgreSQL is not away.
type linkedConnector struct {
	*pq.Connector

	link *link
}

// Connect opens a connection, which the pool leaves once the link gives it up.
func (c linkedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.link.check(); err != nil {
		return nil, err
	}
	given := c.link.dialer.given.Load()
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: cannot watch a %T", opened), opened.Close())
	}
	if _, err := conn.ExecContext(ctx, sessionSettings, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a connection: %w", err), conn.Close())
	}
	return &linkedConn{driverConn: conn, dialer: c.link.dialer, given: given}, nil
}

// linkedConn is a connection of the pool.
type linkedConn struct {
	driverConn

	dialer *dialer
	given  int64
}

// ResetSession is asked before each use out of the pool.
func (c *linkedConn) ResetSession(ctx context.Context) error {
	if c.dialer.given.Load() != c.given {
		return driver.ErrBadConn
	}
	return c.driverConn.ResetSession(ctx)
}

// CheckNamedValue brings an argument into a form that the driver takes.
func (c *linkedConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.driverConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}
