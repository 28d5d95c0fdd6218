package auth

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/throttle"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// Limit is a fixed-window rate limit.
type Limit struct {
	// ID is the key of the counter. It contains hashes of addresses, not addresses.
	ID string
	// Max is the number of events that a window allows.
	Max int
	// Window is the length of a window, which begins with its first event.
	Window time.Duration
	// Shared marks a counter that several accounts share, so that one's success does not clear it.
	Shared bool
}

// Throttle is the rate limiter against guessing. Its counters are in the database: replicas share them and they
// survive restarts.
//
// Windows are fixed and short, and rejected attempts do not extend them, which bounds every lockout. The
// tightest limit applies to one account from one network: an attacker locks out their own network, not the
// account's owner, who has a quota of their own where they signed in before.
type Throttle struct {
	d *db.DB
}

// NewThrottle returns a Throttle.
func NewThrottle(d *db.DB) *Throttle { return &Throttle{d: d} }

const signInWindow = 15 * time.Minute

// SignInLimits returns the rate limits on sign-in attempts for an account, whether or not it exists.
//
// known reports that the account signed in from this network before: see SignedInFrom. Then the limit over all
// networks does not apply, so that nobody can lock the account's owner out from elsewhere.
//
// Call Check first, then Count after a wrong password and Succeed after a correct one. Concurrent attempts that
// finish after the limit is reached all get the same answer, whether or not their password was correct.
func SignInLimits(client Client, account string, known bool) []Limit {
	network := client.Network()
	limits := []Limit{
		{ID: key("sign-in", account, network), Max: 10, Window: signInWindow},
		{ID: key("sign-in-network", network), Max: 100, Window: signInWindow, Shared: true},
	}
	if !known {
		limits = append(limits, Limit{ID: key("sign-in-account", account), Max: 100, Window: signInWindow})
	}
	return limits
}

// SessionLimits returns the rate limits on attempts at the password by the holder of a session. They are independent
// of SignInLimits: attempts from elsewhere do not count.
func SessionLimits(session uuid.UUID) []Limit {
	return []Limit{{ID: key("password-session", session.String()), Max: 10, Window: signInWindow}}
}

// maxMails is how many mails with a link an address gets in an hour, for each purpose.
const maxMails = 5

// MailLimits returns the rate limits on requests for a mail with a link to an address, whether or not an account has
// it. known is as in SignInLimits: such a network has a quota of its own. They are independent of SignInLimits: a
// locked-out user can still request a link. Call Count for every mail.
func MailLimits(client Client, purpose, address string, known bool) []Limit {
	network := client.Network()
	quota := Limit{ID: key("mail-account", purpose, address), Max: maxMails, Window: time.Hour}
	if known {
		quota = Limit{ID: key("mail", purpose, address, network), Max: maxMails, Window: time.Hour}
	}
	return []Limit{quota, {ID: key("mail-network", purpose, network), Max: 50, Window: time.Hour, Shared: true}}
}

// ChallengeLimit returns the rate limit on challenges for passkeys that somebody with an administrator's password asks
// for without using one: each displaces an older one.
func ChallengeLimit(client Client, adminID uuid.UUID) Limit {
	return Limit{ID: key("challenge", adminID.String(), client.Network()), Max: 30, Window: signInWindow}
}

// FactorLimits returns the rate limits on second factors of an administrator by the bearer of a link that was mailed to
// them. They are independent of SignInLimits: a locked-out administrator can still use the link.
func FactorLimits(client Client, adminID uuid.UUID) []Limit {
	return []Limit{{ID: key("factor", adminID.String(), client.Network()), Max: 10, Window: signInWindow}}
}

// InviterLimit returns the rate limit on an administrator who creates or invites others.
func InviterLimit(actor uuid.UUID, perHour int) Limit {
	return Limit{ID: key("invitations", actor.String()), Max: perHour, Window: time.Hour}
}

// LinkLimit returns the rate limit on mails with a link that administrators cause to an address, whoever sends them.
func LinkLimit(purpose, address string) Limit {
	return Limit{ID: key("mail-account", purpose, address), Max: maxMails, Window: time.Hour}
}

// Check returns SIGN_IN_THROTTLED with a retry delay if a limit is reached. It is read-only.
func (t *Throttle) Check(ctx context.Context, limits ...Limit) error {
	return check(ctx, t.d.Reader().Throttle, limits)
}

// Count increments all counters in one transaction. If a limit was reached already, it changes nothing and
// returns SIGN_IN_THROTTLED with a retry delay.
func (t *Throttle) Count(ctx context.Context, limits ...Limit) error {
	return t.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error { return CountIn(ctx, tx, limits...) })
}

// CountIn is Count in a transaction, which must roll back after an error.
func CountIn(ctx context.Context, tx *ent.Tx, limits ...Limit) error {
	now := tx.Clock.Now()
	for _, limit := range inOrder(limits) {
		row, err := count(ctx, tx, limit, now)
		if err != nil {
			return fmt.Errorf("throttle: %w", err)
		}
		if row.Count > limit.Max {
			return throttled(row, now)
		}
	}
	return nil
}

// FirstRefusal calls first if a limit is reached and no attempt has been refused in its window before, in the
// transaction that notes the refusal. So first runs once a window, however many attempts follow, and the others do not
// write. Call it after an attempt was refused.
func (t *Throttle) FirstRefusal(
	ctx context.Context, limits []Limit, first func(ctx context.Context, tx *ent.Tx) error,
) error {
	unnoted := reached(limits, throttle.CountEQ, t.d.Now())
	exists, err := t.d.Reader().Throttle.Query().Where(unnoted).Exist(ctx)
	if err != nil || !exists {
		return err
	}
	return t.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		noted, err := tx.Throttle.Update().Where(unnoted).AddCount(1).Save(ctx)
		if err != nil || noted == 0 {
			return err
		}
		return first(ctx, tx)
	})
}

// Succeed clears the counters that are not shared, in the transaction of the success. Returns SIGN_IN_THROTTLED
// if a limit was reached concurrently; the transaction must roll back then.
func Succeed(ctx context.Context, tx *ent.Tx, limits ...Limit) error {
	if err := check(ctx, tx.Throttle, limits); err != nil {
		return err
	}
	return Clear(ctx, tx, limits...)
}

// Clear deletes the counters that are not shared.
func Clear(ctx context.Context, tx *ent.Tx, limits ...Limit) error {
	for _, limit := range inOrder(limits) {
		if limit.Shared {
			continue
		}
		if _, err := tx.Throttle.Delete().Where(throttle.ID(limit.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("throttle: %w", err)
		}
	}
	return nil
}

func check(ctx context.Context, counts *ent.ThrottleClient, limits []Limit) error {
	now := counts.Clock.Now()
	row, err := counts.Query().
		Where(reached(limits, throttle.CountGTE, now)).
		Order(throttle.ByExpireTime(sql.OrderDesc())).
		First(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	return throttled(row, now)
}

// reached matches the counters of limits in their windows, whose count compares with the limit's maximum as count says.
func reached(limits []Limit, count func(limit int) predicate.Throttle, now time.Time) predicate.Throttle {
	counters := make([]predicate.Throttle, len(limits))
	for i, limit := range limits {
		counters[i] = throttle.And(throttle.ID(limit.ID), count(limit.Max))
	}
	return throttle.And(throttle.Or(counters...), throttle.ExpireTimeGT(now))
}

// count increments a counter, or starts a new window, in one statement. The row stays locked until the end of
// the transaction.
func count(ctx context.Context, tx *ent.Tx, limit Limit, now time.Time) (*ent.Throttle, error) {
	const upsert = `INSERT INTO throttles (id, count, expire_time) VALUES ($1, 1, $2)
		ON CONFLICT (id) DO UPDATE SET
			count = CASE WHEN throttles.expire_time > $3 THEN throttles.count + 1 ELSE 1 END,
			expire_time = CASE WHEN throttles.expire_time > $3 THEN throttles.expire_time
				ELSE excluded.expire_time END`
	if _, err := tx.ExecContext(ctx, upsert, limit.ID, now.Add(limit.Window), now); err != nil {
		return nil, err
	}
	return tx.Throttle.Get(ctx, limit.ID)
}

func throttled(row *ent.Throttle, now time.Time) error {
	wait := row.ExpireTime.Sub(now)
	return fault.New(fault.Throttled, fault.SignInThrottled,
		"Too many attempts. Try again in %d min.", int(math.Ceil(wait.Minutes()))).
		After(max(wait.Round(time.Second), time.Second))
}

// inOrder returns limits in the global lock order, which prevents deadlocks.
func inOrder(limits []Limit) []Limit {
	return slices.SortedFunc(slices.Values(limits), func(a, b Limit) int { return cmp.Compare(a.ID, b.ID) })
}

// key returns the ID of a counter, with its subject hashed.
func key(kind string, about ...string) string {
	return kind + ":" + digest(fmt.Sprintf("%q", about))
}
