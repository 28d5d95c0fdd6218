package admin

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/passkeychallenge"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// errProofIncorrect is the answer to a wrong password of somebody who is known: who is signed in, or has a link.
var errProofIncorrect = fault.ReasonedFields(fault.PasswordIncorrect, fault.Violation{
	Field: "password", Description: "is not your password",
})

// Reauthenticate implements catalog.v1.AuthService. Wrong passwords count for the session alone.
func (s *AuthService) Reauthenticate(
	ctx context.Context, req *catalogv1.ReauthenticateRequest,
) (*catalogv1.ReauthenticateResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	row, err := s.d.Reader().Admin.Get(ctx, who.AdminID)
	if err != nil {
		return nil, err
	}
	var proof auth.Proof
	switch given := req.GetProof().(type) {
	case *catalogv1.ReauthenticateRequest_Password:
		proof, err = s.proveByPassword(ctx, who, row, given.Password)
	case *catalogv1.ReauthenticateRequest_Passkey:
		proof, err = s.proveByPasskey(ctx, who, row, given.Passkey)
	default:
		err = fault.Field("proof", fault.FieldRequired, "is required")
	}
	if err != nil {
		return nil, err
	}
	return &catalogv1.ReauthenticateResponse{
		AccessToken: proof.AccessToken,
		ExpireTime:  timestamppb.New(proof.ExpireTime),
		AuthTime:    timestamppb.New(proof.AuthTime),
	}, nil
}

func (s *AuthService) proveByPassword(
	ctx context.Context, who auth.Principal, row *ent.Admin, password string,
) (auth.Proof, error) {
	limits := auth.SessionLimits(who.SessionID)
	if err := s.checkPassword(ctx, limits, row, password, errProofIncorrect); err != nil {
		return auth.Proof{}, err
	}
	var proof auth.Proof
	err := s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		_, err := lockAdmin(ctx, tx, admin.ID(row.ID), admin.PasswordHash(row.PasswordHash), isActive())
		if fault.Is(err, fault.AdminNotFound) { // changed concurrently
			return errProofIncorrect
		}
		if err != nil {
			return err
		}
		if err := auth.Succeed(ctx, tx, limits...); err != nil {
			return err
		}
		proof, err = s.recordProof(ctx, tx, who, row)
		return err
	})
	return proof, err
}

// proveByPasskey also records that the session has a second factor.
func (s *AuthService) proveByPasskey(
	ctx context.Context, who auth.Principal, row *ent.Admin, assertion string,
) (auth.Proof, error) {
	limits := auth.SessionLimits(who.SessionID)
	if err := s.throttle.Check(ctx, limits...); err != nil {
		return auth.Proof{}, err
	}
	var proof auth.Proof
	err := s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		row, err := lockAdmin(ctx, tx, admin.ID(row.ID), isActive())
		if err != nil {
			return err
		}
		if err := s.passkeys.Use(ctx, tx, row, passkeychallenge.PurposeReauthenticate, assertion); err != nil {
			return err
		}
		if err := auth.Succeed(ctx, tx, limits...); err != nil {
			return err
		}
		if err := auth.MarkSecondFactor(ctx, tx, who.SessionID); err != nil {
			return err
		}
		proof, err = s.recordProof(ctx, tx, who, row)
		return err
	})
	if !fault.Is(err, fault.SecondFactorFailed) {
		return proof, err
	}
	failed := s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := auth.CountIn(ctx, tx, limits...); err != nil {
			return err
		}
		return s.recordAttempt(ctx, tx, row, catalogv1.SecurityEvent_TYPE_REAUTHENTICATION_FAILED)
	})
	if failed != nil {
		return auth.Proof{}, failed
	}
	return auth.Proof{}, err
}

// recordProof renews the time of authentication of the caller's session, whatever the proof was.
func (s *AuthService) recordProof(
	ctx context.Context, tx *ent.Tx, who auth.Principal, row *ent.Admin,
) (auth.Proof, error) {
	proof, err := s.sessions.Reauthenticate(ctx, tx, who)
	if err != nil {
		return auth.Proof{}, err
	}
	_, err = auth.RecordEvent(ctx, tx, auth.Event{
		Type: catalogv1.SecurityEvent_TYPE_REAUTHENTICATED, Admin: row, SessionID: who.SessionID,
	})
	return proof, err
}
