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
	SetupTokenLifetime             = 24 * time.Hour
	InvitationTokenLifetime        = 7 * 24 * time.Hour
	PasswordResetTokenLifetime     = time.Hour
	EmailConfirmationTokenLifetime = 24 * time.Hour
)

// IssueOneTimeToken returns a new one-time token for a purpose, valid for ttl. adminID is nil for setup. It
// revokes earlier tokens of the same purpose and administrator: only the latest link works. Password resets are
// different, because anybody can request them: earlier links work until one is used.
func IssueOneTimeToken(
	ctx context.Context, tx *ent.Tx, purpose onetimetoken.Purpose, adminID *uuid.UUID, ttl time.Duration,
) (token string, err error) {
	if purpose != onetimetoken.PurposePasswordReset {
		if err := RevokeOneTimeTokensFor(ctx, tx, purpose, adminID); err != nil {
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

// OwnerOfOneTimeToken returns the administrator of a token that is valid now, without consuming it. Returns
// ONE_TIME_TOKEN_INVALID like CheckOneTimeToken.
func OwnerOfOneTimeToken(
	ctx context.Context, d *db.DB, purpose onetimetoken.Purpose, token string,
) (uuid.UUID, error) {
	row, err := d.Reader().OneTimeToken.Query().Where(usable(purpose, token, d.Now())).Only(ctx)
	if ent.IsNotFound(err) || err == nil && row.AdminID == nil {
		return uuid.Nil, OneTimeTokenInvalid()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("check one-time token: %w", err)
	}
	return *row.AdminID, nil
}

// UseOneTimeToken consumes a token and returns its administrator: nil for setup. It revokes the other tokens of the
// same purpose and administrator. A used invitation is kept until it expires, for UsedInvitation. Of concurrent callers
// with the same token exactly one succeeds, if its transaction commits. Returns ONE_TIME_TOKEN_INVALID on field
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
	marked, err := tx.OneTimeToken.Update().
		Where(onetimetoken.ID(row.ID), onetimetoken.UseTimeIsNil()).
		SetUseTime(tx.Clock.Now()).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("use one-time token: %w", err)
	}
	if marked == 0 { // another transaction consumed it
		return nil, OneTimeTokenInvalid()
	}
	return row.AdminID, RevokeOneTimeTokensFor(ctx, tx, purpose, row.AdminID)
}

// UsedInvitation returns the administrator who accepted the invitation with a token. Returns false if there is none, or
// the token has expired.
func UsedInvitation(ctx context.Context, d *db.DB, token string) (adminID uuid.UUID, used bool, err error) {
	row, err := d.Reader().OneTimeToken.Query().
		Where(
			onetimetoken.ID(digest(token)),
			onetimetoken.PurposeEQ(onetimetoken.PurposeInvitation),
			onetimetoken.UseTimeNotNil(),
			onetimetoken.ExpireTimeGT(d.Now()),
		).
		Only(ctx)
	if ent.IsNotFound(err) || err == nil && row.AdminID == nil {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("look up used invitation: %w", err)
	}
	return *row.AdminID, true, nil
}

// RevokeOneTimeTokensFor revokes the one-time tokens of an administrator for a purpose. adminID is nil for setup.
func RevokeOneTimeTokensFor(
	ctx context.Context, tx *ent.Tx, purpose onetimetoken.Purpose, adminID *uuid.UUID,
) error {
	return revoke(ctx, tx, onetimetoken.PurposeEQ(purpose), ownedBy(adminID))
}

// RevokeOneTimeTokens revokes all one-time tokens of an administrator.
func RevokeOneTimeTokens(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) error {
	return revoke(ctx, tx, onetimetoken.AdminID(adminID))
}

// revoke deletes the tokens that match where, except used invitations.
func revoke(ctx context.Context, tx *ent.Tx, where ...predicate.OneTimeToken) error {
	kept := onetimetoken.And(onetimetoken.PurposeEQ(onetimetoken.PurposeInvitation), onetimetoken.UseTimeNotNil())
	if _, err := tx.OneTimeToken.Delete().Where(append(where, onetimetoken.Not(kept))...).Exec(ctx); err != nil {
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
		onetimetoken.UseTimeIsNil(),
		onetimetoken.ExpireTimeGT(now),
	)
}

func ownedBy(adminID *uuid.UUID) predicate.OneTimeToken {
	if adminID == nil {
		return onetimetoken.AdminIDIsNil()
	}
	return onetimetoken.AdminID(*adminID)
}
