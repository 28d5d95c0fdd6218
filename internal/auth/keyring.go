package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	// keyReadInterval is how often a process reads the keys: so long it takes to follow a change.
	keyReadInterval = 5 * time.Second
	// keyReadTimeout bounds one read.
	keyReadTimeout = 5 * time.Second
	// keyMaxAge is how old keys may be that are used. Who cannot read them for so long may have missed a
	// change.
	keyMaxAge = time.Minute
	// keyAskInterval is the shortest time between two reads for the sake of a token with an unknown key, so
	// that a flood of made-up ones costs no more.
	keyAskInterval = time.Second
)

var (
	errKeyUnknown = errors.New("kid is unknown")
	errOnlyVerify = errors.New("auth: these keys only verify")
	errKeysStale  = fault.New(fault.Unavailable, fault.DatabaseUnavailable,
		"The sign-in keys cannot be read; try again in a moment.").After(time.Second)
)

// KeyRing holds the keys of access tokens as they are now, while they change. It is safe for concurrent
// use.
type KeyRing struct {
	// read returns the keys as they are; nil if they never change.
	read    func(ctx context.Context) (*Keys, error)
	log     *slog.Logger
	current atomic.Pointer[keysRead]

	// reading is held by the only one who reads, and guards what follows.
	reading chan struct{}
	asked   time.Time
}

// keysRead is the outcome of the last read: the keys and when they were read, and why a later read failed.
type keysRead struct {
	keys *Keys
	at   time.Time
	err  error
}

// FixedKeys returns a KeyRing whose keys never change.
func FixedKeys(keys *Keys) *KeyRing {
	r := &KeyRing{}
	r.current.Store(&keysRead{keys: keys})
	return r
}

// OpenKeys returns a KeyRing with the keys that read returns. Run keeps it up to date. Returns an error
// if they cannot be read at first.
func OpenKeys(
	ctx context.Context, log *slog.Logger, read func(ctx context.Context) (*Keys, error),
) (*KeyRing, error) {
	r := &KeyRing{read: read, log: log, reading: make(chan struct{}, 1)}
	keys, err := read(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys.list) == 0 {
		log.WarnContext(ctx, "there is no sign-in key yet: a process with the role admin makes it when it starts")
	}
	r.current.Store(&keysRead{keys: keys, at: time.Now()})
	return r, nil
}

// Run reads the keys again and again until ctx is done: every five seconds, or every second while they
// cannot be read.
func (r *KeyRing) Run(ctx context.Context) {
	if r.read == nil {
		return
	}
	for {
		pause := keyReadInterval
		if r.current.Load().err != nil {
			pause = keyAskInterval
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		r.reading <- struct{}{}
		r.readAgain(ctx)
		<-r.reading
	}
}

// signer returns the key that signs. Returns DATABASE_UNAVAILABLE if the keys could not be read for too
// long, and an error if none of them signs.
func (r *KeyRing) signer(now time.Time) (tokenKey, error) {
	last := r.current.Load()
	if r.stale(last) {
		return tokenKey{}, errKeysStale.Because(last.err)
	}
	signer, ok := last.keys.signer(now)
	if !ok {
		return tokenKey{}, errOnlyVerify
	}
	return signer, nil
}

// verifier returns the public key with an id. If it is unknown, the keys are read again, unless that was
// done for the same reason just now. Returns errKeyUnknown, or DATABASE_UNAVAILABLE if the keys cannot be
// read.
func (r *KeyRing) verifier(ctx context.Context, id string) (ed25519.PublicKey, error) {
	last := r.current.Load()
	public, ok := last.keys.verifier(id, time.Now())
	if r.read != nil && (!ok || r.stale(last)) {
		if err := r.ask(ctx); err != nil {
			return nil, err
		}
		public, ok = r.current.Load().keys.verifier(id, time.Now())
	}
	if !ok {
		return nil, errKeyUnknown
	}
	return public, nil
}

func (r *KeyRing) stale(last *keysRead) bool { return r.read != nil && time.Since(last.at) > keyMaxAge }

// ask reads the keys now, or waits for who does, unless it was done just now. Returns
// DATABASE_UNAVAILABLE if the last read failed.
func (r *KeyRing) ask(ctx context.Context) error {
	select {
	case r.reading <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-r.reading }()
	if time.Since(r.asked) >= keyAskInterval {
		r.asked = time.Now()
		r.readAgain(context.WithoutCancel(ctx)) // others wait for it too
	}
	if err := r.current.Load().err; err != nil {
		return errKeysStale.Because(err)
	}
	return nil
}

// readAgain replaces the keys by those of now. If they cannot be read, it keeps what it has.
func (r *KeyRing) readAgain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, keyReadTimeout)
	defer cancel()
	before, start := r.current.Load(), time.Now()
	keys, err := r.read(ctx)
	switch {
	case errors.Is(err, context.Canceled): // the process stops
	case err != nil:
		if before.err == nil {
			r.log.WarnContext(ctx, "the sign-in keys cannot be read; trying again", "error", err)
		}
		r.current.Store(&keysRead{keys: before.keys, at: before.at, err: err})
	default:
		if now := keys.ids(); !slices.Equal(now, before.keys.ids()) {
			r.log.InfoContext(ctx, "the sign-in keys have changed", "keys", now)
		}
		r.current.Store(&keysRead{keys: keys, at: start})
	}
}
