package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/apikey"
	"github.com/zebrands/catalog/ent/predicate"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// useInterval is the least time between two records of a key's last use.
	useInterval = time.Minute
	// useQueue is the maximum number of uses that wait to be recorded.
	useQueue = 256
	// useTimeout bounds the recording of one use.
	useTimeout = 5 * time.Second
	// manyKeys is the number of keys whose state a process keeps at least.
	manyKeys = 1024
)

var errMalformedKey = errors.New("length or checksum is wrong")

// APIKeyLimit is the rate limit of each API key in a process: a token bucket.
type APIKeyLimit struct {
	// Rate is in calls a second, on average; 0 means no limit.
	Rate float64
	// Burst is how many calls may come at once.
	Burst int
}

// APIKeys authenticates API keys, limits the rate of their calls, and records their last use.
type APIKeys struct {
	d     *db.DB
	log   *slog.Logger
	limit APIKeyLimit
	// active selects an active key with its creator. It runs on every call with a key, so it is built once. Arguments:
	// time, digest.
	active string
	uses   chan keyUse

	mu    sync.Mutex
	known map[string]*keyState // by digest
	// room is the size of known at which idle keys are forgotten.
	room int
}

// keyState is what a process knows of a key that works.
type keyState struct {
	calls *rate.Limiter
	// noted is when a use was last given to be recorded.
	noted time.Time
}

type keyUse struct {
	id   uuid.UUID
	time time.Time
}

// NewAPIKeys returns APIKeys. Run records uses.
func NewAPIKeys(d *db.DB, log *slog.Logger, limit APIKeyLimit) *APIKeys {
	k, a := entsql.Table(apikey.Table).As("k"), entsql.Table(admin.Table).As("a")
	active, _ := activeKeys(d.Dialect(), k, a, "").
		Select(
			k.C(apikey.FieldID), k.C(apikey.FieldAdminID), k.C(apikey.FieldName), k.C(apikey.FieldAccess),
			k.C(apikey.FieldExpireTime), k.C(apikey.FieldLastUseTime), a.C(admin.FieldName),
		).
		Where(entsql.EQ(k.C(apikey.FieldDigest), "")).
		Query()
	return &APIKeys{
		d: d, log: log, limit: limit, active: active,
		uses: make(chan keyUse, useQueue), known: map[string]*keyState{}, room: manyKeys,
	}
}

// activeKeys returns a query for keys that were not revoked and have not expired, whose creator is neither disabled nor
// deleted.
func activeKeys(dialect string, k, a *entsql.SelectTable, now any) *entsql.Selector {
	return entsql.Dialect(dialect).
		Select().
		From(k).
		Join(a).On(a.C(admin.FieldID), k.C(apikey.FieldAdminID)).
		Where(entsql.And(
			entsql.Or(entsql.IsNull(k.C(apikey.FieldExpireTime)), entsql.GT(k.C(apikey.FieldExpireTime), now)),
			entsql.IsNull(k.C(apikey.FieldRevokeTime)),
			entsql.IsNull(a.C(admin.FieldDeleteTime)),
			entsql.IsFalse(a.C(admin.FieldDisabled)),
		))
}

// LiveAPIKey matches keys that were not revoked and have not expired.
func LiveAPIKey(now time.Time) predicate.APIKey {
	return apikey.And(apikey.RevokeTimeIsNil(), apikey.Or(apikey.ExpireTimeIsNil(), apikey.ExpireTimeGT(now.UTC())))
}

// Authenticate returns the bearer of an API key. It checks the key and its creator in the database with one query by
// the key's digest, so that revocation takes effect immediately. It needs no protection against guessing: a key has 190
// random bits.
//
// Returns API_KEY_INVALID if the key does not work, whatever the cause, and RATE_LIMITED if it makes too many calls.
func (k *APIKeys) Authenticate(ctx context.Context, key string) (Principal, error) {
	if !wellFormed(key) {
		return Principal{}, errAPIKeyInvalid.Because(errMalformedKey)
	}
	id := digest(key)
	// A key that worked before costs no query while it is over its limit.
	limited := k.has(id)
	if limited {
		if err := k.admit(id); err != nil {
			return Principal{}, err
		}
	}
	p, used, err := k.find(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		k.forget(id)
		return Principal{}, errAPIKeyInvalid
	}
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate API key: %w", err)
	}
	if !limited {
		if err := k.admit(id); err != nil {
			return Principal{}, err
		}
	}
	k.note(id, p.Key.ID, used)
	return p, nil
}

// find returns the bearer of an active key and the last use that was recorded. Returns sql.ErrNoRows if there is none.
func (k *APIKeys) find(ctx context.Context, digest string) (p Principal, used time.Time, err error) {
	var (
		name, access, creator string
		expire, last          sql.NullTime
	)
	err = k.d.ReadSQL().
		QueryRowContext(ctx, k.active, k.d.Now(), digest).
		Scan(&p.Key.ID, &p.AdminID, &name, &access, &expire, &last, &creator)
	if err != nil {
		return Principal{}, time.Time{}, err
	}
	p.Key.Access = KeyAccess(apikey.Access(access))
	p.Name = keyActor(name, creator)
	p.ExpireTime = expire.Time
	return p, last.Time, nil
}

// KeyAccess returns what a key with a stored access may do.
func KeyAccess(a apikey.Access) catalogv1.ApiKey_Access {
	switch a {
	case apikey.AccessRead:
		return catalogv1.ApiKey_ACCESS_READ
	case apikey.AccessWrite:
		return catalogv1.ApiKey_ACCESS_WRITE
	default:
		return catalogv1.ApiKey_ACCESS_UNSPECIFIED
	}
}

func (k *APIKeys) has(digest string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[digest] != nil
}

// admit counts a call of a key. Returns RATE_LIMITED if there are too many.
func (k *APIKeys) admit(digest string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	call := k.state(digest).calls.ReserveN(now, 1)
	wait := call.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	call.CancelAt(now)
	return fault.New(fault.Throttled, fault.RateLimited,
		"The API key makes more than %v calls a second. Make fewer, or read and write more products with each.",
		k.limit.Rate).After(wait)
}

// state returns the state of a key that works. The caller holds the mutex.
func (k *APIKeys) state(digest string) *keyState {
	if s, ok := k.known[digest]; ok {
		return s
	}
	if len(k.known) >= k.room {
		for other, s := range k.known {
			if s.calls.Tokens() >= float64(k.limit.Burst) && time.Since(s.noted) > useInterval {
				delete(k.known, other) // as good as new
			}
		}
		k.room = max(manyKeys, 2*len(k.known))
	}
	limit := rate.Limit(k.limit.Rate)
	if k.limit.Rate == 0 {
		limit = rate.Inf
	}
	s := &keyState{calls: rate.NewLimiter(limit, k.limit.Burst)}
	k.known[digest] = s
	return s
}

func (k *APIKeys) forget(digest string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, digest)
}

// note gives a use to Run, unless one was recorded within useInterval. It never waits.
func (k *APIKeys) note(digest string, id uuid.UUID, recorded time.Time) {
	now := k.d.Now()
	if now.Sub(recorded) < useInterval {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.state(digest)
	if time.Since(s.noted) < useInterval {
		return
	}
	select {
	case k.uses <- keyUse{id, now}:
		s.noted = time.Now()
	default: // the next use tries again
	}
}

// Run records the last use of keys, until ctx is done and what waits is recorded.
func (k *APIKeys) Run(ctx context.Context) {
	for {
		select {
		case use := <-k.uses:
			k.record(ctx, use)
		case <-ctx.Done():
			for {
				select {
				case use := <-k.uses:
					k.record(ctx, use)
				default:
					return
				}
			}
		}
	}
}

func (k *APIKeys) record(ctx context.Context, use keyUse) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), useTimeout)
	defer cancel()
	err := k.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.APIKey.Update().
			Where(apikey.ID(use.id), apikey.Or(apikey.LastUseTimeIsNil(), apikey.LastUseTimeLT(use.time))).
			SetLastUseTime(use.time).
			Exec(ctx)
	})
	if err != nil {
		k.log.WarnContext(ctx, "the last use of an API key was not recorded", "api_key_id", use.id, "error", err)
	}
}

// RevokeAPIKey ends a key at once, also its streams. It is idempotent: revoked reports whether the key worked until
// now. Returns an ent.NotFoundError if there is none.
func RevokeAPIKey(ctx context.Context, tx *ent.Tx, id uuid.UUID) (key *ent.APIKey, revoked bool, err error) {
	n, err := tx.APIKey.Update().
		Where(apikey.ID(id), apikey.RevokeTimeIsNil()).
		SetRevokeTime(tx.Clock.Now()).
		Save(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("revoke API key: %w", err)
	}
	if key, err = tx.APIKey.Get(ctx, id); err != nil || n == 0 {
		return key, false, err
	}
	return key, true, db.Publish(ctx, tx, sessionsTopic, "")
}
