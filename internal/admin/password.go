package admin

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/predicate"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// resetDuration is the constant duration of RequestPasswordReset. It exceeds the time of the work, which
// would otherwise reveal whether the account exists.
const resetDuration = 250 * time.Millisecond

// errPasswordIncorrect is the answer to a wrong current password.
var errPasswordIncorrect = fault.ReasonedFields(fault.PasswordIncorrect, fault.Violation{
	Field: "current_password", Description: "is not your password",
})

// ChangePassword implements catalog.v1.AuthService. Wrong passwords count for the session alone.
func (s *AuthService) ChangePassword(
	ctx context.Context, req *catalogv1.ChangePasswordRequest,
) (*catalogv1.ChangePasswordResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	row, err := s.d.Reader().Admin.Get(ctx, who.AdminID)
	if err != nil {
		return nil, err
	}
	if err := auth.CheckPassword("new_password", req.GetNewPassword(), row.Email, row.Name); err != nil {
		return nil, err
	}
	limits := auth.SessionLimits(who.SessionID)
	if err := s.checkPassword(ctx, limits, row, req.GetCurrentPassword(), errPasswordIncorrect); err != nil {
		return nil, err
	}
	hash, err := s.passwords.Hash(ctx, req.GetNewPassword())
	if err != nil {
		return nil, err
	}
	var grant auth.Grant
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		unchanged, err := setPassword(ctx, tx, hash, admin.ID(row.ID), admin.PasswordHash(row.PasswordHash), isActive())
		if err != nil {
			return err
		}
		if !unchanged { // changed concurrently
			return errPasswordIncorrect
		}
		if err := auth.Succeed(ctx, tx, limits...); err != nil {
			return err
		}
		strong, err := auth.HadSecondFactor(ctx, tx, who.SessionID)
		if err != nil {
			return err
		}
		if grant, err = s.restart(ctx, tx, row, proof{given: strong}); err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_PASSWORD_CHANGED, Admin: row, SessionID: grant.SessionID,
		})
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.ChangePasswordResponse{
		AccessToken:  grant.AccessToken,
		RefreshToken: grant.RefreshToken,
		ExpireTime:   timestamppb.New(grant.ExpireTime),
	}, nil
}

// RequestPasswordReset implements catalog.v1.AuthService.
func (s *AuthService) RequestPasswordReset(
	ctx context.Context, req *catalogv1.RequestPasswordResetRequest,
) (*catalogv1.RequestPasswordResetResponse, error) {
	timer := time.NewTimer(resetDuration)
	defer timer.Stop()
	email := accountOf(req.GetEmail())
	row, err := findLive(ctx, s.d, email)
	if err != nil {
		return nil, err
	}
	exists := row != nil
	if !exists {
		row = &ent.Admin{Disabled: true} // has no session and gets no mail
	}
	client := auth.ClientFrom(ctx)
	known, err := auth.SignedInFrom(ctx, s.d, row.ID, client)
	if err != nil {
		return nil, err
	}
	limits := auth.MailLimits(client, passwordReset, email, known)
	if err := s.throttle.Check(ctx, limits...); err != nil {
		return nil, err
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := auth.CountIn(ctx, tx, limits...); err != nil {
			return err
		}
		if !exists { // strangers who make up addresses must not fill the audit trail; the time is the same
			return nil
		}
		if err := s.recordAttempt(ctx, tx, row, catalogv1.SecurityEvent_TYPE_PASSWORD_RESET_REQUESTED); err != nil {
			return err
		}
		return s.mailWayIn(ctx, tx, row)
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-timer.C:
		return &catalogv1.RequestPasswordResetResponse{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mailWayIn queues a mail with a link that lets an administrator in: to reset the password if they are active, and the
// invitation again if they were invited. Too many invitations to the address are no error, and then none is queued: the
// answer must not tell that the address is known.
func (s *AuthService) mailWayIn(ctx context.Context, tx *ent.Tx, row *ent.Admin) error {
	switch {
	case active(row):
		return mailLink(ctx, tx, s.queue, passwordReset, row.ID)
	case invited(row):
		if err := invite(ctx, tx, s.queue, row); !fault.Is(err, fault.SignInThrottled) {
			return err
		}
	}
	return nil
}

// ResetPassword implements catalog.v1.AuthService. It also clears the sign-in rate limits of the account.
func (s *AuthService) ResetPassword(
	ctx context.Context, req *catalogv1.ResetPasswordRequest,
) (*catalogv1.ResetPasswordResponse, error) {
	in, err := s.redeem(ctx, redemption{
		purpose: onetimetoken.PurposePasswordReset, token: req.GetToken(),
		password: req.GetNewPassword(), field: "new_password",
		where: isActive(), factor: req.GetSecondFactor(),
		event: catalogv1.SecurityEvent_TYPE_PASSWORD_RESET,
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.ResetPasswordResponse{
		AccessToken:   in.grant.AccessToken,
		RefreshToken:  in.grant.RefreshToken,
		ExpireTime:    timestamppb.New(in.grant.ExpireTime),
		Admin:         toAdmin(in.row, in.proof.hasPasskey),
		RecoveryCodes: in.proof.codes,
	}, nil
}

// setPassword stores the hash for the administrator that matches where, and locks the row. Returns false if
// there is none.
func setPassword(ctx context.Context, tx *ent.Tx, hash string, where ...predicate.Admin) (bool, error) {
	set, err := tx.Admin.Update().
		Where(where...).
		SetPasswordHash(hash).
		SetLastSignInTime(tx.Clock.Now()).
		Modify(keepUpdateTime).
		Save(ctx)
	return set == 1, err
}

// restart ends all sessions of an administrator and starts a new one.
func (s *AuthService) restart(ctx context.Context, tx *ent.Tx, row *ent.Admin, p proof) (auth.Grant, error) {
	if err := auth.EndAll(ctx, tx, row.ID); err != nil {
		return auth.Grant{}, err
	}
	return s.start(ctx, tx, row, p)
}
