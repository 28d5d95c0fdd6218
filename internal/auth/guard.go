package auth

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// sessionsTopic is the topic of messages about ended sessions.
	sessionsTopic = "sessions"
	// guardBound bounds how long a call outlives its session, and how long it goes on while that is unknown.
	guardBound = 2 * time.Second
	// guardPeriod is the interval of checks, and guardRetry that after a failed one.
	guardPeriod, guardRetry = time.Second, 200 * time.Millisecond
	// guardFloor is the time for the last check before calls end because their sessions are unknown.
	guardFloor = 50 * time.Millisecond
	// guardChunk is the maximum number of sessions in one query.
	guardChunk = 512
)

var errUnguarded = fault.New(fault.Unavailable, fault.DatabaseUnavailable,
	"The database does not answer, so it is unknown whether the session goes on; try again in a moment.").
	After(time.Second)

// Guard ends long calls, such as streams, with the session or the access token that authenticated them. Only while
// there are such calls, it checks the sessions of all of them with one query a second, and at once when a transaction
// ends a session.
type Guard struct {
	d *db.DB
	// soon has room for one request to check now.
	soon chan struct{}
	// look is check, except in tests.
	look func(ctx context.Context, timeout time.Duration) error

	mu   sync.Mutex
	held map[*hold]bool
	stop context.CancelFunc // of the checks
}

// hold is a call that is guarded.
type hold struct {
	session uuid.UUID
	end     context.CancelCauseFunc
}

// NewGuard returns a Guard. On PostgreSQL it needs db.Watch to learn of ended sessions at once.
func NewGuard(d *db.DB) *Guard {
	g := &Guard{d: d, soon: make(chan struct{}, 1), held: map[*hold]bool{}}
	g.look = g.check
	d.Subscribe(sessionsTopic, func(string) {
		select {
		case g.soon <- struct{}{}:
		default: // a check is due already
		}
	})
	return g
}

// Hold returns a context for a long call of a principal. Within 2 s it is canceled with SESSION_ENDED as its cause when
// the session has ended or the administrator is disabled or deleted, with TOKEN_EXPIRED when the access token expires,
// and with DATABASE_UNAVAILABLE while the session cannot be checked. Call release in the end.
func (g *Guard) Hold(ctx context.Context, p Principal) (guarded context.Context, release func()) {
	guarded, end := context.WithCancelCause(ctx)
	h := &hold{session: p.SessionID, end: end}
	expiry := time.AfterFunc(g.d.Clock().Until(p.ExpireTime), func() { end(errTokenExpired) })
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[h] = true
	if g.stop == nil {
		var checks context.Context
		// The checks are for all calls: they have neither the lifetime nor the values of the first one.
		checks, g.stop = context.WithCancel(context.Background())
		go g.run(checks)
	}
	return guarded, func() {
		expiry.Stop()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.held, h)
		if len(g.held) == 0 && g.stop != nil {
			g.stop()
			g.stop = nil
		}
		end(nil)
	}
}

// run checks the sessions until ctx is done.
func (g *Guard) run(ctx context.Context) {
	due := time.NewTimer(guardPeriod)
	defer due.Stop()
	for known := time.Now(); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		case <-g.soon:
		}
		start := time.Now()
		err := g.look(ctx, max(guardBound-start.Sub(known), guardFloor))
		left := guardBound - time.Since(known)
		switch {
		case err == nil:
			known = start
			due.Reset(guardPeriod)
		case left <= guardFloor:
			g.endAll(errUnguarded.Because(err))
			known = time.Now()
			due.Reset(guardPeriod)
		default:
			due.Reset(min(guardRetry, left-guardFloor))
		}
	}
}

// check ends the calls whose sessions are not active.
func (g *Guard) check(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bySession := map[uuid.UUID][]*hold{}
	g.mu.Lock()
	for h := range g.held {
		bySession[h.session] = append(bySession[h.session], h)
	}
	g.mu.Unlock()
	ids := make([]uuid.UUID, 0, len(bySession))
	for id := range bySession {
		ids = append(ids, id)
	}
	for chunk := range slices.Chunk(ids, guardChunk) {
		active, err := g.active(ctx, chunk)
		if err != nil {
			return fmt.Errorf("check sessions: %w", err)
		}
		for _, id := range chunk {
			if active[id] {
				continue
			}
			for _, h := range bySession[id] {
				h.end(errSessionEnded)
			}
		}
	}
	return nil
}

// active returns which of the sessions are active.
func (g *Guard) active(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	s, a := entsql.Table(session.Table).As("s"), entsql.Table(admin.Table).As("a")
	wanted := make([]any, 1, guardChunk)
	for len(wanted) < len(ids) {
		wanted = wanted[:2*len(wanted)] // few different statements
	}
	for i := range wanted {
		wanted[i] = ids[min(i, len(ids)-1)]
	}
	query, args := activeSessions(g.d.Dialect(), s, a, g.d.Now()).
		Select(s.C(session.FieldID)).
		Where(entsql.In(s.C(session.FieldID), wanted...)).
		Query()
	rows, err := g.d.ReadSQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	active := make(map[uuid.UUID]bool, len(ids))
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		active[id] = true
	}
	return active, rows.Err()
}

func (g *Guard) endAll(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for h := range g.held {
		h.end(cause)
	}
}
