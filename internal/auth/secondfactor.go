package auth

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/passkey"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
)

// policyID is the id of the only row of security_policies.
const policyID = 1

// SecondFactorRequired reports whether every administrator needs a second factor to sign in.
func SecondFactorRequired(ctx context.Context, policies *ent.SecurityPolicyClient) (bool, error) {
	row, err := policies.Get(ctx, policyID)
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read security policy: %w", err)
	}
	return row.RequireSecondFactor, nil
}

// RequireSecondFactor sets whether every administrator needs a second factor to sign in, and reports whether that
// changed anything. If so required, it ends the sessions without one, except those of administrators with a passkey.
// The transaction must hold db.PolicyLock.
func RequireSecondFactor(ctx context.Context, tx *ent.Tx, required bool) (changed bool, err error) {
	before, err := SecondFactorRequired(ctx, tx.SecurityPolicy)
	if err != nil {
		return false, err
	}
	if before != required {
		if err := setPolicy(ctx, tx, required); err != nil {
			return false, fmt.Errorf("store security policy: %w", err)
		}
	}
	if !required {
		return before != required, nil
	}
	return before != required, endSessions(ctx, tx, session.And(session.SecondFactor(false), func(s *sql.Selector) {
		t := sql.Table(passkey.Table)
		s.Where(sql.NotIn(s.C(session.FieldAdminID), sql.Select(t.C(passkey.FieldAdminID)).From(t)))
	}))
}

func setPolicy(ctx context.Context, tx *ent.Tx, required bool) error {
	set, err := tx.SecurityPolicy.Update().SetRequireSecondFactor(required).Save(ctx)
	if err != nil || set > 0 {
		return err
	}
	return tx.SecurityPolicy.Create().SetID(policyID).SetRequireSecondFactor(required).Exec(ctx)
}

// MarkSecondFactor records that the administrator proved a second factor in a session.
func MarkSecondFactor(ctx context.Context, tx *ent.Tx, sessionID uuid.UUID) error {
	if err := tx.Session.UpdateOneID(sessionID).SetSecondFactor(true).Exec(ctx); err != nil {
		return fmt.Errorf("mark session: %w", err)
	}
	return nil
}

// HadSecondFactor reports whether the administrator proved a second factor in a session that the transaction is about
// to replace by another one. Returns SESSION_ENDED if it has ended since the call began: whoever revoked it, or
// requires a second factor now, meant that its holder signs in again.
func HadSecondFactor(ctx context.Context, tx *ent.Tx, sessionID uuid.UUID) (bool, error) {
	// A change of the policy sees the session that begins now, or has ended this one.
	if err := db.ShareLockTx(ctx, tx, db.PolicyLock); err != nil {
		return false, err
	}
	open, err := OpenSession(ctx, tx, sessionID)
	if err != nil {
		return false, err
	}
	if open == nil {
		return false, errSessionEnded
	}
	return open.SecondFactor, nil
}
