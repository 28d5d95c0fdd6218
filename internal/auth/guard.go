package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/apikey"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// sessionsTopic is the topic of messages about ended sessions and revoked keys.
	sessionsTopic = "sessions"
	// guardBound bounds how long a call outlives its session, and how long it goes on while that is unknown.
	guardBound = 2 * time.Second
	// guardPeriod is the interval of checks, and guardRetry that after a failed one.
	guardPeriod, guardRetry = time.Second, 200 * time.Millisecond
	// guardFloor is the time for the last check before calls end because their sessions are unknown.
	guardFloor = 50 * time.Millisecond
	// guardChunk is the maximum number of sessions or keys in one query.
	guardChunk = 512
)

var errUnguarded = fault.New(fault.Unavailable, fault.DatabaseUnavailable,
	"The database does not answer, so it is unknown whether the session goes on; try again in a moment.").
	After(time.Second)

// Guard ends long calls, such as streams, with the session, the access token or the API key that authenticated them.
// Only while there are such calls, it checks the sessions of all of them with one query a second, and their keys with
// another one, and at once when a transaction ends a session or revokes a key.
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

// hold is a call that is guarded: of a session, or of a key.
type hold struct {
	session, key uuid.UUID
	end          context.CancelCauseFunc
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
// with API_KEY_INVALID when the API key does not work any more, and with DATABASE_UNAVAILABLE while that cannot be
// checked. Call release in the end.
func (g *Guard) Hold(ctx context.Context, p Principal) (guarded context.Context, release func()) {
	guarded, end := context.WithCancelCause(ctx)
	h := &hold{session: p.SessionID, key: p.Key.ID, end: end}
	stopExpiry := g.endAtExpiry(p, end)
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
		stopExpiry()
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

// endAtExpiry ends a call when the token or key of its principal expires, until stop is called.
func (g *Guard) endAtExpiry(p Principal, end context.CancelCauseFunc) (stop func()) {
	cause := errTokenExpired
	if p.IsKey() {
		if p.ExpireTime.IsZero() {
			return func() {}
		}
		cause = errAPIKeyInvalid
	}
	expiry := time.AfterFunc(g.d.Clock().Until(p.ExpireTime), func() { end(cause) })
	return func() { expiry.Stop() }
}

// run checks the sessions and keys until ctx is done.
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

// check ends the calls whose sessions or keys are not active.
func (g *Guard) check(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bySession, byKey := map[uuid.UUID][]*hold{}, map[uuid.UUID][]*hold{}
	g.mu.Lock()
	for h := range g.held {
		if h.key != uuid.Nil {
			byKey[h.key] = append(byKey[h.key], h)
		} else {
			bySession[h.session] = append(bySession[h.session], h)
		}
	}
	g.mu.Unlock()
	if err := g.endInactive(ctx, bySession, g.activeSessions, errSessionEnded); err != nil {
		return fmt.Errorf("check sessions: %w", err)
	}
	if err := g.endInactive(ctx, byKey, g.activeKeys, errAPIKeyInvalid); err != nil {
		return fmt.Errorf("check API keys: %w", err)
	}
	return nil
}

// endInactive ends the calls of what is not active. active returns the query for those of ids that are.
func (g *Guard) endInactive(
	ctx context.Context, calls map[uuid.UUID][]*hold, active func(ids []any) *entsql.Selector, cause error,
) error {
	for chunk := range slices.Chunk(slices.Collect(maps.Keys(calls)), guardChunk) {
		found, err := g.found(ctx, chunk, active)
		if err != nil {
			return err
		}
		for _, id := range chunk {
			if found[id] {
				continue
			}
			for _, h := range calls[id] {
				h.end(cause)
			}
		}
	}
	return nil
}

func (g *Guard) activeSessions(ids []any) *entsql.Selector {
	s, a := entsql.Table(session.Table).As("s"), entsql.Table(admin.Table).As("a")
	return activeSessions(g.d.Dialect(), s, a, g.d.Now()).
		Select(s.C(session.FieldID)).
		Where(entsql.In(s.C(session.FieldID), ids...))
}

func (g *Guard) activeKeys(ids []any) *entsql.Selector {
	k, a := entsql.Table(apikey.Table).As("k"), entsql.Table(admin.Table).As("a")
	return activeKeys(g.d.Dialect(), k, a, g.d.Now()).
		Select(k.C(apikey.FieldID)).
		Where(entsql.In(k.C(apikey.FieldID), ids...))
}

// found returns which of the ids a query finds.
func (g *Guard) found(
	ctx context.Context, ids []uuid.UUID, active func(ids []any) *entsql.Selector,
) (map[uuid.UUID]bool, error) {
	wanted := make([]any, 1, guardChunk)
	for len(wanted) < len(ids) {
		wanted = wanted[:2*len(wanted)] // few different statements
	}
	for i := range wanted {
		wanted[i] = ids[min(i, len(ids)-1)]
	}
	query, args := active(wanted).Query()
	rows, err := g.d.ReadSQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[uuid.UUID]bool, len(ids))
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		found[id] = true
	}
	return found, rows.Err()
}

func (g *Guard) endAll(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for h := range g.held {
		h.end(cause)
	}
}
