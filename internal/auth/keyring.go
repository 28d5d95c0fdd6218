package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/zebrands/catalog/internal/clock"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// keyRefreshInterval bounds how long a process takes to notice a change of the keys.
	keyRefreshInterval = 5 * time.Second
	// keyRefreshTimeout bounds one refresh.
	keyRefreshTimeout = 5 * time.Second
	// keyMaxAge is the maximum age of keys in use. Older ones may miss a revocation.
	keyMaxAge = time.Minute
	// keyRefreshMinInterval is the rate limit of refreshes that tokens with an unknown key trigger.
	keyRefreshMinInterval = time.Second
)

var (
	errKeyUnknown = errors.New("kid is unknown")
	errVerifyOnly = errors.New("auth: the keys are verify-only")
	errKeysStale  = fault.New(fault.Unavailable, fault.DatabaseUnavailable,
		"The sign-in keys cannot be read; try again in a moment.").After(time.Second)
)

// KeyRing holds the current keys of access tokens and refreshes them. It is safe for concurrent use.
type KeyRing struct {
	// read loads the keys; nil if they never change.
	read    func(ctx context.Context) (*Keys, error)
	log     *slog.Logger
	clock   *clock.Clock
	current atomic.Pointer[keySnapshot]

	// refreshing is a mutex, held during a refresh, that can be waited for with a context. It guards
	// lastDemand.
	refreshing chan struct{}
	lastDemand time.Time
}

// keySnapshot holds the keys, when they were read, and the error of the last refresh.
type keySnapshot struct {
	keys *Keys
	at   time.Time
	err  error
}

// FixedKeys returns a KeyRing whose keys never change.
func FixedKeys(keys *Keys) *KeyRing {
	r := &KeyRing{clock: clock.Machine()}
	r.current.Store(&keySnapshot{keys: keys})
	return r
}

// OpenKeys returns a KeyRing with the keys that read returns. Run keeps it up to date. Returns an error if
// the first read fails.
func OpenKeys(
	ctx context.Context, log *slog.Logger, read func(ctx context.Context) (*Keys, error),
) (*KeyRing, error) {
	r := &KeyRing{read: read, log: log, clock: clock.Machine(), refreshing: make(chan struct{}, 1)}
	keys, err := read(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys.list) == 0 {
		log.WarnContext(ctx, "there is no signing key yet: a process with the role admin creates it at startup")
	}
	r.current.Store(&keySnapshot{keys: keys, at: time.Now()})
	return r, nil
}

// OnClock sets the clock of sign times and of tokens, which must be the same in all processes: the database's. Call it
// before the first use.
func (r *KeyRing) OnClock(c *clock.Clock) *KeyRing {
	r.clock = c
	return r
}

// Run refreshes the keys until ctx is done: every five seconds, or every second after a failure.
func (r *KeyRing) Run(ctx context.Context) {
	if r.read == nil {
		return
	}
	for {
		pause := keyRefreshInterval
		if r.current.Load().err != nil {
			pause = keyRefreshMinInterval
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		r.refreshing <- struct{}{}
		r.refresh(ctx)
		<-r.refreshing
	}
}

// signer returns the signing key. Returns DATABASE_UNAVAILABLE if the keys are older than keyMaxAge, and an
// error if none of them signs.
func (r *KeyRing) signer(now time.Time) (tokenKey, error) {
	last := r.current.Load()
	if r.stale(last) {
		return tokenKey{}, errKeysStale.Because(last.err)
	}
	signer, ok := last.keys.signer(now)
	if !ok {
		return tokenKey{}, errVerifyOnly
	}
	return signer, nil
}

// verifier returns the public key with an id. If it is unknown, it refreshes the keys, rate limited. Returns
// errKeyUnknown, or DATABASE_UNAVAILABLE if the refresh fails.
func (r *KeyRing) verifier(ctx context.Context, id string) (ed25519.PublicKey, error) {
	last := r.current.Load()
	public, ok := last.keys.verifier(id, r.clock.Now())
	if r.read != nil && (!ok || r.stale(last)) {
		if err := r.refreshOnDemand(ctx); err != nil {
			return nil, err
		}
		public, ok = r.current.Load().keys.verifier(id, r.clock.Now())
	}
	if !ok {
		return nil, errKeyUnknown
	}
	return public, nil
}

func (r *KeyRing) stale(last *keySnapshot) bool {
	return r.read != nil && time.Since(last.at) > keyMaxAge
}

// refreshOnDemand refreshes the keys, or waits for a refresh in flight, unless one was demanded within
// keyRefreshMinInterval. Returns DATABASE_UNAVAILABLE if the last refresh failed.
func (r *KeyRing) refreshOnDemand(ctx context.Context) error {
	select {
	case r.refreshing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-r.refreshing }()
	if time.Since(r.lastDemand) >= keyRefreshMinInterval {
		r.lastDemand = time.Now()
		r.refresh(context.WithoutCancel(ctx)) // others wait for the result too
	}
	if err := r.current.Load().err; err != nil {
		return errKeysStale.Because(err)
	}
	return nil
}

// refresh reads the keys. On failure it keeps the previous ones.
func (r *KeyRing) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, keyRefreshTimeout)
	defer cancel()
	before, start := r.current.Load(), time.Now()
	keys, err := r.read(ctx)
	switch {
	case errors.Is(err, context.Canceled): // shutdown
	case err != nil:
		if before.err == nil {
			r.log.WarnContext(ctx, "the signing keys cannot be read; retrying", "error", err)
		}
		r.current.Store(&keySnapshot{keys: before.keys, at: before.at, err: err})
	default:
		if now := keys.ids(); !slices.Equal(now, before.keys.ids()) {
			r.log.InfoContext(ctx, "the signing keys have changed", "keys", now)
		}
		r.current.Store(&keySnapshot{keys: keys, at: start})
	}
}
