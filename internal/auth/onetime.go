package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// Lifetimes of one-time tokens.
const (
	SetupTokenLifetime         = 24 * time.Hour
	InvitationTokenLifetime    = 7 * 24 * time.Hour
	PasswordResetTokenLifetime = time.Hour
)

// IssueOneTimeToken returns a new one-time token for a purpose, valid for ttl. adminID is nil for setup. It
// revokes earlier tokens of the same purpose and administrator: only the latest link works. Password resets are
// different, because anybody can request them: earlier links work until one is used.
func IssueOneTimeToken(
	ctx context.Context, tx *ent.Tx, purpose onetimetoken.Purpose, adminID *uuid.UUID, ttl time.Duration,
) (token string, err error) {
	if purpose != onetimetoken.PurposePasswordReset {
		if err := revoke(ctx, tx, purpose, adminID); err != nil {
			return "", err
		}
	}
	secret, id := newSecret()
	err = tx.OneTimeToken.Create().
		SetID(id).
		SetPurpose(purpose).
		SetNillableAdminID(adminID).
		SetExpireTime(tx.Clock.Now().Add(ttl)).
		Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("store one-time token: %w", err)
	}
	return secret, nil
}

// CheckOneTimeToken returns ONE_TIME_TOKEN_INVALID on field token if the token is not valid now. It does not
// consume the token. Call it before hashing a password, so that callers without a token cannot cause that
// cost.
func CheckOneTimeToken(ctx context.Context, d *db.DB, purpose onetimetoken.Purpose, token string) error {
	exists, err := d.Reader().OneTimeToken.Query().Where(usable(purpose, token, d.Now())).Exist(ctx)
	if err != nil {
		return fmt.Errorf("check one-time token: %w", err)
	}
	if !exists {
		return OneTimeTokenInvalid()
	}
	return nil
}

// UseOneTimeToken consumes a token and returns its administrator: nil for setup. It revokes the other tokens of the
// same purpose and administrator. Of concurrent callers with the same token exactly one succeeds, if its transaction
// commits. Returns ONE_TIME_TOKEN_INVALID on field
// token if the token is unknown, used, expired or for another purpose.
func UseOneTimeToken(
	ctx context.Context, tx *ent.Tx, purpose onetimetoken.Purpose, token string,
) (*uuid.UUID, error) {
	row, err := tx.OneTimeToken.Query().Where(usable(purpose, token, tx.Clock.Now())).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, OneTimeTokenInvalid()
	}
	if err != nil {
		return nil, fmt.Errorf("use one-time token: %w", err)
	}
	deleted, err := tx.OneTimeToken.Delete().Where(onetimetoken.ID(row.ID)).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("use one-time token: %w", err)
	}
	if deleted == 0 { // another transaction consumed it
		return nil, OneTimeTokenInvalid()
	}
	return row.AdminID, revoke(ctx, tx, purpose, row.AdminID)
}

// revoke revokes the one-time tokens of an administrator for a purpose.
func revoke(ctx context.Context, tx *ent.Tx, purpose onetimetoken.Purpose, adminID *uuid.UUID) error {
	if _, err := tx.OneTimeToken.Delete().Where(onetimetoken.PurposeEQ(purpose), ownedBy(adminID)).Exec(ctx); err != nil {
		return fmt.Errorf("revoke one-time tokens: %w", err)
	}
	return nil
}

// RevokeOneTimeTokens revokes all one-time tokens of an administrator.
func RevokeOneTimeTokens(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) error {
	if _, err := tx.OneTimeToken.Delete().Where(onetimetoken.AdminID(adminID)).Exec(ctx); err != nil {
		return fmt.Errorf("revoke one-time tokens: %w", err)
	}
	return nil
}

// OneTimeTokenInvalid returns the fault for an invalid one-time token.
func OneTimeTokenInvalid() *fault.Error {
	return fault.ReasonedFields(fault.OneTimeTokenInvalid, fault.Violation{
		Field:       "token",
		Description: "is unknown, used or expired; ask for a new link",
	})
}

func usable(purpose onetimetoken.Purpose, token string, now time.Time) predicate.OneTimeToken {
	return onetimetoken.And(
		onetimetoken.ID(digest(token)),
		onetimetoken.PurposeEQ(purpose),
		onetimetoken.ExpireTimeGT(now),
	)
}

func ownedBy(adminID *uuid.UUID) predicate.OneTimeToken {
	if adminID == nil {
		return onetimetoken.AdminIDIsNil()
	}
	return onetimetoken.AdminID(*adminID)
}
