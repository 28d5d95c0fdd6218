package db

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/zebrands/catalog/ent"
)

// lockPatience is how long anything waits for a lock before the log names the lock. A variable for tests.
var lockPatience = 5 * time.Second

// inspectTimeout bounds the question who holds a lock.
const inspectTimeout = 5 * time.Second

// TxLock is a PostgreSQL advisory lock that a transaction holds until its end.
type TxLock int64

// The locks of transactions. Every release must use the same numbers.
const (
	// AdminsLock serializes changes of the set of administrators.
	AdminsLock TxLock = 0x61646d696e73
	// KeysLock serializes changes of the signing keys.
	KeysLock TxLock = 0x6361746b6579
	// PolicyLock is shared by transactions that start sessions, and exclusive for changes of the security policy.
	PolicyLock TxLock = 0x706f6c696379
)

// lockNames are the names of advisory locks in the log.
var lockNames = map[TxLock]string{AdminsLock: "administrators", KeysLock: "signing keys", PolicyLock: "security policy"}

// LockTx acquires a lock until the end of the transaction. It does nothing on SQLite, which has a single writer.
func LockTx(ctx context.Context, tx *ent.Tx, lock TxLock) error {
	return lockTx(ctx, tx, lock, `SELECT pg_advisory_xact_lock($1)`)
}

// ShareLockTx is LockTx for transactions that only wait for, and delay, the holders of the exclusive lock.
func ShareLockTx(ctx context.Context, tx *ent.Tx, lock TxLock) error {
	return lockTx(ctx, tx, lock, `SELECT pg_advisory_xact_lock_shared($1)`)
}

func lockTx(ctx context.Context, tx *ent.Tx, lock TxLock, statement string) error {
	if !LocksRows(ctx) {
		return nil
	}
	if _, err := tx.ExecContext(ctx, statement, int64(lock)); err != nil {
		return fmt.Errorf("lock the %s: %w", lockNames[lock], err)
	}
	return nil
}

// afterPatience calls report once if the wait that begins now is not over within lockPatience. Call the returned
// function at its end.
func afterPatience(report func()) (over func()) {
	timer := time.AfterFunc(lockPatience, report)
	return func() { timer.Stop() }
}

// waitingLock returns the lock that a session waits for, its mode, and the process ids of the sessions in its way. The
// relation of a row's lock is unknown while its last writer has not finished.
const waitingLock = `
	SELECT locktype, mode, coalesce(relation::regclass::text, ''),
		CASE locktype WHEN 'advisory' THEN classid::bigint << 32 | objid::bigint ELSE 0 END AS key,
		locktype = 'advisory' AND
			classid::bigint << 32 | objid::bigint = hashtextextended('catalog product_changes', 0) AS history,
		array_to_string(pg_blocking_pids(pid), ' ')
	FROM pg_locks WHERE pid = %d AND NOT granted LIMIT 1`

// statementWatch watches a statement that runs.
type statementWatch struct {
	link    *link
	ctx     context.Context //nolint:containedctx // of the statement
	session int
	query   string
	start   time.Time
	mu      sync.Mutex
	timer   *time.Timer
	over    bool
}

// watchStatement logs which lock the statement of a session waits for, every lockPatience until end is called.
func (l *link) watchStatement(ctx context.Context, session int, query string) *statementWatch {
	w := &statementWatch{link: l, ctx: ctx, session: session, query: query, start: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(lockPatience, w.look)
	return w
}

func (w *statementWatch) look() {
	w.link.reportWait(w.ctx, w.session, w.query, time.Since(w.start))
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.timer.Reset(lockPatience)
	}
}

func (w *statementWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.timer.Stop()
}

// reportWait logs the lock that a session waits for. A statement may also just take long: then it logs nothing.
func (l *link) reportWait(ctx context.Context, session int, query string, waited time.Duration) {
	var kind, mode, relation, holders string
	var key int64
	var history bool
	err := l.inspect(ctx, fmt.Sprintf(waitingLock, session), &kind, &mode, &relation, &key, &history, &holders)
	if err != nil || ctx.Err() != nil {
		return
	}
	name := kind
	switch {
	case history:
		name = "the order of the history"
	case kind == "advisory":
		name = lockNames[TxLock(key)]
	case kind == "relation":
		name = "table " + relation
	case kind == "tuple" || kind == "transactionid":
		name = "a row that another transaction has changed or locked"
	}
	l.log.LogAttrs(ctx, slog.LevelWarn, "waiting for a lock", slog.String("lock", name), slog.String("mode", mode),
		slog.String("statement", summarize(operationOf(query), query)), slog.Duration("waited", waited),
		slog.String("holders", holders))
}

// inspect runs a query outside the pool, which may be the one that waits, and reads its first row.
func (l *link) inspect(ctx context.Context, query string, dest ...any) error {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	probe := l.probe.Load()
	if probe == nil { // commands do not watch
		connector, err := l.server.connector(l.dialer)
		if err != nil {
			return err
		}
		probe = sql.OpenDB(linkedConnector{Connector: connector, link: l})
		defer func() { _ = probe.Close() }() // it answered
	}
	return probe.QueryRowContext(ctx, query).Scan(dest...)
}

// lockHolder describes the sessions that hold a named lock of TryLock.
const lockHolder = `
	SELECT coalesce(string_agg(concat_ws(' ', 'process', pid, 'of', usename, 'at', client_addr, application_name),
		', '), '')
	FROM pg_locks JOIN pg_stat_activity USING (pid)
	WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND
		pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND
		classid::bigint << 32 | objid::bigint = hashtextextended('catalog ' || '%s', 0)`

// reportLock logs that Lock waits.
func (d *DB) reportLock(ctx context.Context, name string) {
	holders := d.path + "." + name + ".lock"
	if d.link != nil {
		holders = ""
		if err := d.link.inspect(ctx, fmt.Sprintf(lockHolder, name), &holders); err != nil {
			holders = err.Error()
		}
	}
	d.log.WarnContext(ctx, "waiting for a lock", "lock", name, "waited", lockPatience, "holders", holders)
}
