package auth

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/fault"
)

// ReauthenticationLifetime is how long a proof of who the caller is counts for methods with the option
// reauthentication (RFC 9470).
const ReauthenticationLifetime = 5 * time.Minute

var errReauthenticationRequired = fault.New(fault.Unauthenticated, fault.ReauthenticationRequired,
	"This changes who can sign in: call AuthService.Reauthenticate first, and repeat the call with its access token.").
	With("max_age", strconv.Itoa(int(ReauthenticationLifetime.Seconds())))

// RequireReauthentication returns REAUTHENTICATION_REQUIRED unless the caller proved who they are within
// ReauthenticationLifetime. It goes by the access token of the call and not by its session: whoever stole a token
// gains nothing when its owner proves who they are.
func RequireReauthentication(p Principal, now time.Time) error {
	if p.AuthTime.IsZero() || now.Sub(p.AuthTime) > ReauthenticationLifetime {
		return errReauthenticationRequired
	}
	return nil
}

// Proof is an access token with a new time of authentication.
type Proof struct {
	AccessToken string
	// ExpireTime is when the access token expires.
	ExpireTime time.Time
	// AuthTime is when the administrator proved who they are, as the token says it.
	AuthTime time.Time
}

// Reauthenticate records that the administrator of a session proved who they are, and returns an access token that
// says so. The session's refresh token stays. Returns SESSION_ENDED if the session has ended. The caller must have
// checked, with a lock on the administrator's row in the same transaction, that the proof still holds.
func (s *Sessions) Reauthenticate(ctx context.Context, tx *ent.Tx, p Principal) (Proof, error) {
	now := tx.Clock.Now()
	kept, err := tx.Session.Update().
		Where(session.ID(p.SessionID), session.AdminID(p.AdminID), active(now)).
		SetAuthTime(now).
		Save(ctx)
	if err != nil {
		return Proof{}, fmt.Errorf("reauthenticate: %w", err)
	}
	if kept == 0 {
		return Proof{}, errSessionEnded
	}
	access, expire, err := s.tokens.Issue(Claims{AdminID: p.AdminID, SessionID: p.SessionID, AuthTime: now}, now)
	if err != nil {
		return Proof{}, err
	}
	return Proof{AccessToken: access, ExpireTime: expire, AuthTime: now.Truncate(time.Second)}, nil
}
