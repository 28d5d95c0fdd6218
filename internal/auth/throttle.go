package auth

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/throttle"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// Limit is how often something may fail, or be done, in a window of time.
type Limit struct {
	// ID names what is counted. It holds hashes of addresses, not addresses.
	ID string
	// Max is how many a window allows.
	Max int
	// Window is how long the count lasts, from its first.
	Window time.Duration
	// Shared says that others use the same count, so that one's success does not clear it.
	Shared bool
}

// Throttle is the brake on guessing. It counts in the database, so that every replica counts together
// and a restart forgets nothing.
//
// The window is fixed and short, and refused tries do not lengthen it: nobody can be locked out for
// longer than that. The tight limit is for one account from one network, so that a stranger who
// guesses locks out the stranger's own network and not the account's owner.
type Throttle struct {
	d *db.DB
}

// NewThrottle returns a Throttle.
func NewThrottle(d *db.DB) *Throttle { return &Throttle{d: d} }

const signInWindow = 15 * time.Minute

// SignInLimits are the limits on guessing the password of an account, known or not.
//
// Call Check first, then Count after a wrong password and Succeed after a right one. Of many tries at
// the same time, those that finish after the limit is reached all get the same answer, right or wrong.
func SignInLimits(client Client, account string) []Limit {
	network := client.network()
	return []Limit{
		{ID: key("sign-in", account, network), Max: 10, Window: signInWindow},
		{ID: key("sign-in-account", account), Max: 100, Window: signInWindow},
		{ID: key("sign-in-network", network), Max: 100, Window: signInWindow, Shared: true},
	}
}

// MailLimits are the limits on asking for mails with a link to an account, known or not. They are
// apart from those of sign-in: who is kept from signing in can still ask for a link. Call Count for
// every mail.
func MailLimits(client Client, purpose, account string) []Limit {
	network := client.network()
	return []Limit{
		{ID: key("mail", purpose, account, network), Max: 5, Window: time.Hour},
		{ID: key("mail-account", purpose, account), Max: 20, Window: time.Hour},
		{ID: key("mail-network", purpose, network), Max: 50, Window: time.Hour, Shared: true},
	}
}

// Check returns SIGN_IN_THROTTLED with the time to wait if a limit is reached. It writes nothing.
func (t *Throttle) Check(ctx context.Context, limits ...Limit) error {
	return check(ctx, t.d.Reader().Throttle, limits)
}

// Count adds one to every limit, all at once. Returns SIGN_IN_THROTTLED with the time to wait if a
// limit had been reached already, and counts nothing then.
func (t *Throttle) Count(ctx context.Context, limits ...Limit) error {
	return t.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		now := microseconds(time.Now())
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
	})
}

// Succeed clears the limits that are not shared, in the transaction of what succeeded. Returns
// SIGN_IN_THROTTLED if a limit was reached meanwhile: the success must not be granted then.
func Succeed(ctx context.Context, tx *ent.Tx, limits ...Limit) error {
	if err := check(ctx, tx.Throttle, limits); err != nil {
		return err
	}
	return Clear(ctx, tx, limits...)
}

// Clear forgets what was counted for the limits that are not shared.
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
	now := microseconds(time.Now())
	reached := make([]predicate.Throttle, len(limits))
	for i, limit := range limits {
		reached[i] = throttle.And(throttle.ID(limit.ID), throttle.CountGTE(limit.Max))
	}
	row, err := counts.Query().
		Where(throttle.Or(reached...), throttle.ExpireTimeGT(now)).
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

// count adds one to a limit's count, or starts a new window, in one statement. It leaves the row
// locked, so what it returns holds until the end of the transaction.
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

// inOrder returns limits in the order in which every transaction locks them.
func inOrder(limits []Limit) []Limit {
	return slices.SortedFunc(slices.Values(limits), func(a, b Limit) int { return cmp.Compare(a.ID, b.ID) })
}

// key names a count without storing what it is about.
func key(kind string, about ...string) string {
	return kind + ":" + digest(fmt.Sprintf("%q", about))
}
