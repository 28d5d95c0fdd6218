package admin

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/predicate"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// AcceptInvitation implements catalog.v1.AuthService.
func (s *AuthService) AcceptInvitation(
	ctx context.Context, req *catalogv1.AcceptInvitationRequest,
) (*catalogv1.AcceptInvitationResponse, error) {
	name := ""
	if req.GetName() != "" {
		cleaned, bad := cleanName(req.GetName())
		if err := blame(at("name", bad)); err != nil {
			return nil, err
		}
		name = cleaned
	}
	in, err := s.redeem(ctx, redemption{
		purpose: onetimetoken.PurposeInvitation, token: req.GetToken(),
		password: req.GetPassword(), field: "password", factor: req.GetSecondFactor(),
		where: admin.And(admin.DeleteTimeIsNil(), admin.Disabled(false), admin.PasswordHash("")),
		event: catalogv1.SecurityEvent_TYPE_INVITATION_ACCEPTED,
		then: func(ctx context.Context, row *ent.Admin) (*ent.Admin, error) {
			update := row.Update().AddVersion(1)
			if name != "" {
				update.SetName(name)
			}
			return update.Save(ctx)
		},
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.AcceptInvitationResponse{
		AccessToken:   in.grant.AccessToken,
		RefreshToken:  in.grant.RefreshToken,
		ExpireTime:    timestamppb.New(in.grant.ExpireTime),
		Admin:         toAdmin(in.row, in.proof.hasPasskey),
		RecoveryCodes: in.proof.codes,
	}, nil
}

// redemption is the exchange of a mailed one-time token for a new password and a session.
type redemption struct {
	purpose  onetimetoken.Purpose
	token    string
	password string
	// field is the password's field in the request.
	field string
	// factor is the second factor; nil if none was given.
	factor *catalogv1.SecondFactor
	// where matches eligible administrators.
	where predicate.Admin
	// event is recorded.
	event catalogv1.SecurityEvent_Type
	// then runs in the same transaction; it may be nil.
	then func(ctx context.Context, row *ent.Admin) (*ent.Admin, error)
}

// redeem consumes a token, sets its administrator's password, ends all their sessions and starts a new one. Returns
// ONE_TIME_TOKEN_INVALID if the token is invalid or its administrator is not eligible, INVITATION_ACCEPTED if it is a
// used invitation, and a fault if the password is not acceptable. The token stays valid after every error, also if the
// second factor is missing or wrong.
func (s *AuthService) redeem(ctx context.Context, r redemption) (signedIn, error) {
	if err := auth.CheckPassword(r.field, r.password, "", ""); err != nil {
		return signedIn{}, err
	}
	if err := auth.CheckOneTimeToken(ctx, s.d, r.purpose, r.token); err != nil {
		return signedIn{}, s.accepted(ctx, r, err)
	}
	hash, err := s.passwords.Hash(ctx, r.password)
	if err != nil {
		return signedIn{}, err
	}
	var in signedIn
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if in.row, err = s.applyRedemption(ctx, tx, r, hash); err != nil {
			return err
		}
		if in.proof, err = s.proveFactor(ctx, tx, in.row, r.factor); err != nil {
			return err
		}
		if in.proof.given {
			if err := auth.Succeed(ctx, tx, factorLimits(ctx, in.row)...); err != nil {
				return err
			}
		}
		if in.grant, err = s.restart(ctx, tx, in.row, in.proof); err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: r.event, Actor: in.row, Admin: in.row, SessionID: in.grant.SessionID,
		})
	})
	if err != nil {
		err = s.answerFactor(ctx, in.row, factorLimits(ctx, in.row), r.factor, err)
		return signedIn{}, s.accepted(ctx, r, err)
	}
	return in, nil
}

// factorLimits returns the limits on second factors of the bearer of a link.
func factorLimits(ctx context.Context, row *ent.Admin) []auth.Limit {
	if row == nil { // the link was not valid
		return nil
	}
	return auth.FactorLimits(auth.ClientFrom(ctx), row.ID)
}

// errInvitationAccepted is the answer to a used invitation.
var errInvitationAccepted = fault.New(fault.FailedPrecondition, fault.InvitationAccepted,
	"The invitation was accepted already. Sign in, or ask for a new password.")

// accepted returns INVITATION_ACCEPTED in place of ONE_TIME_TOKEN_INVALID if the redemption is of an invitation that
// was used for an account that is active. It returns other errors unchanged. Only a holder of the token learns this.
func (s *AuthService) accepted(ctx context.Context, r redemption, err error) error {
	if r.purpose != onetimetoken.PurposeInvitation || !fault.Is(err, fault.OneTimeTokenInvalid) {
		return err
	}
	id, used, lookUpErr := auth.UsedInvitation(ctx, s.d, r.token)
	if lookUpErr != nil {
		return lookUpErr
	}
	if !used {
		return err
	}
	exists, lookUpErr := s.d.Reader().Admin.Query().Where(admin.ID(id), isActive()).Exist(ctx)
	if lookUpErr != nil {
		return lookUpErr
	}
	if !exists {
		return err
	}
	return errInvitationAccepted
}

func (s *AuthService) applyRedemption(ctx context.Context, tx *ent.Tx, r redemption, hash string) (*ent.Admin, error) {
	id, err := auth.UseOneTimeToken(ctx, tx, r.purpose, r.token)
	if err != nil {
		return nil, err
	}
	if id == nil { // only setup tokens have no administrator
		return nil, auth.OneTimeTokenInvalid()
	}
	set, err := setPassword(ctx, tx, hash, admin.ID(*id), r.where)
	if err != nil {
		return nil, err
	}
	if !set {
		return nil, auth.OneTimeTokenInvalid()
	}
	row, err := tx.Admin.Get(ctx, *id)
	if err != nil {
		return nil, err
	}
	if err := auth.CheckPassword(r.field, r.password, row.Email, row.Name); err != nil {
		return nil, err
	}
	if err := auth.Clear(ctx, tx, auth.SignInLimits(auth.ClientFrom(ctx), row.Email, false)...); err != nil {
		return nil, err
	}
	if r.then == nil {
		return row, nil
	}
	return r.then(ctx, row)
}
