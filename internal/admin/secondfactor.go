package admin

import (
	"context"
	"errors"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/passkeychallenge"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// The metadata of SECOND_FACTOR_REQUIRED.
const (
	passkeyOptions    = "passkey_options"
	newPasskeyOptions = "new_passkey_options"
)

// factorNotice is the purpose of mails about wrong second factors, for their limit.
const factorNotice = "second_factor_notice"

// errFactorMissing is returned by proveFactor if a second factor is needed and none was given. answerFactor
// turns it into SECOND_FACTOR_REQUIRED.
var errFactorMissing = errors.New("admin: a second factor is needed")

// The faults of a second factor. Only somebody with the right password, or the mailed token, gets them.
var (
	errFactorRequired = fault.New(fault.Unauthenticated, fault.SecondFactorRequired,
		"Sign in with a passkey or a recovery code, too.")
	errPasskeyRequired = fault.New(fault.Unauthenticated, fault.SecondFactorRequired,
		"The security policy requires a passkey. Add one to sign in.")
)

// proof is the result of a second factor.
type proof struct {
	// given reports whether there was one.
	given bool
	// hasPasskey reports whether the administrator has a passkey now.
	hasPasskey bool
	// codes are recovery codes to show, if the call added the first passkey.
	codes []string
}

// proveFactor checks the second factor of an administrator whose password, or mailed token, is right. Their row must
// be locked. A factor that is given must be right, even where none is needed. Returns errFactorMissing,
// SECOND_FACTOR_FAILED, or another fault; the transaction must roll back then, so that nothing is used up, and
// answerFactor must have the error.
func (s *AuthService) proveFactor(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, factor *catalogv1.SecondFactor,
) (proof, error) {
	// A change of the policy sees the session that begins now, or is seen here.
	if err := db.ShareLockTx(ctx, tx, db.PolicyLock); err != nil {
		return proof{}, err
	}
	has, err := auth.HasPasskey(ctx, tx.Passkey, row.ID)
	if err != nil {
		return proof{}, err
	}
	switch given := factor.GetFactor().(type) {
	case *catalogv1.SecondFactor_Passkey:
		err := s.passkeys.Use(ctx, tx, row, passkeychallenge.PurposeSignIn, given.Passkey)
		return proof{given: true, hasPasskey: has}, err
	case *catalogv1.SecondFactor_RecoveryCode:
		return proof{given: true, hasPasskey: has}, s.useRecoveryCode(ctx, tx, row, given.RecoveryCode)
	case *catalogv1.SecondFactor_NewPasskey_:
		if has {
			return proof{}, auth.ErrFactorRefused.Because(errors.New("there is a passkey, so another one proves nothing"))
		}
		return s.enroll(ctx, tx, row, given.NewPasskey)
	}
	required, err := auth.SecondFactorRequired(ctx, tx.SecurityPolicy)
	if err == nil && (has || required) {
		err = errFactorMissing
	}
	return proof{hasPasskey: has}, err
}

func (s *AuthService) useRecoveryCode(ctx context.Context, tx *ent.Tx, row *ent.Admin, code string) error {
	if err := auth.UseRecoveryCode(ctx, tx, row.ID, code); err != nil {
		return err
	}
	return record(ctx, tx, s.queue, auth.Event{
		Type: catalogv1.SecurityEvent_TYPE_RECOVERY_CODE_USED, Actor: row, Admin: row,
	})
}

// enroll adds the first passkey of an administrator who signs in.
func (s *AuthService) enroll(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, wanted *catalogv1.SecondFactor_NewPasskey,
) (proof, error) {
	name, err := passkeyName("second_factor.new_passkey.name", wanted.GetName())
	if err != nil {
		return proof{}, err
	}
	_, codes, err := s.addPasskey(ctx, tx, row, name, wanted.GetCredential())
	if fault.Is(err, fault.PasskeyInvalid) {
		return proof{}, auth.ErrFactorRefused.Because(err)
	}
	return proof{given: true, hasPasskey: true, codes: codes}, err
}

// start starts a session with the result of a second factor.
func (s *AuthService) start(ctx context.Context, tx *ent.Tx, row *ent.Admin, p proof) (auth.Grant, error) {
	grant, err := s.sessions.Start(ctx, tx, row.ID)
	if err != nil || !p.given {
		return grant, err
	}
	if err := auth.Clear(ctx, tx, auth.ChallengeLimit(auth.ClientFrom(ctx), row.ID)); err != nil {
		return auth.Grant{}, err
	}
	return grant, auth.MarkSecondFactor(ctx, tx, grant.SessionID)
}

// answerFactor returns the answer to a call whose transaction failed with err in proveFactor, after it has stored the
// challenge for the next try or counted the failure. It returns other errors unchanged. limits are those of the
// sign-in.
func (s *AuthService) answerFactor(
	ctx context.Context, row *ent.Admin, limits []auth.Limit, factor *catalogv1.SecondFactor, err error,
) error {
	switch {
	case errors.Is(err, errFactorMissing):
		return s.askFactor(ctx, row)
	case fault.Is(err, fault.SecondFactorFailed):
		if countErr := s.countFactor(ctx, row, limits, factor, err); countErr != nil {
			return countErr
		}
		return err
	default:
		return err
	}
}

// askFactor returns SECOND_FACTOR_REQUIRED with the options of a ceremony that has begun, unless browsers do not let
// the catalog use passkeys.
func (s *AuthService) askFactor(ctx context.Context, row *ent.Admin) error {
	var asked *fault.Error
	err := s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		has, err := auth.HasPasskey(ctx, tx.Passkey, row.ID)
		if err != nil {
			return err
		}
		if err := auth.CountIn(ctx, tx, auth.ChallengeLimit(auth.ClientFrom(ctx), row.ID)); err != nil {
			return err
		}
		answer, key, begin := errPasskeyRequired, newPasskeyOptions, s.passkeys.BeginCreate
		if has {
			answer, key, begin = errFactorRequired, passkeyOptions, s.beginSignIn
		}
		options, err := begin(ctx, tx, row)
		if fault.Is(err, fault.PasskeysUnavailable) {
			asked = answer.Because(err)
			return nil
		}
		asked = answer.With(key, options)
		return err
	})
	if err != nil {
		return err
	}
	return asked
}

func (s *AuthService) beginSignIn(ctx context.Context, tx *ent.Tx, row *ent.Admin) (string, error) {
	return s.passkeys.BeginUse(ctx, tx, row, passkeychallenge.PurposeSignIn)
}

// countFactor records a wrong second factor, and counts it like a wrong password. The administrator is told, because
// somebody has their password, but not more often than they get links. Returns SIGN_IN_THROTTLED if a limit was
// reached.
func (s *AuthService) countFactor(
	ctx context.Context, row *ent.Admin, limits []auth.Limit, factor *catalogv1.SecondFactor, cause error,
) error {
	return s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := auth.CountIn(ctx, tx, limits...); err != nil {
			return err
		}
		event := auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_SECOND_FACTOR_FAILED, Admin: row, Details: aboutFactor(factor, cause),
		}
		err := auth.CountIn(ctx, tx, auth.LinkLimit(factorNotice, row.ID.String()))
		if fault.Is(err, fault.SignInThrottled) { // told often enough
			_, err = auth.RecordEvent(ctx, tx, event)
			return err
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, s.queue, event)
	})
}

// aboutFactor returns the details of the event of a wrong second factor.
func aboutFactor(factor *catalogv1.SecondFactor, cause error) map[string]string {
	details := map[string]string{}
	if m := factor.ProtoReflect(); m.IsValid() {
		if field := m.WhichOneof(m.Descriptor().Oneofs().ByName("factor")); field != nil {
			details["factor"] = string(field.Name())
		}
	}
	if errors.Is(cause, auth.ErrCounter) {
		details["problem"] = "the signature counter did not increase: there may be a copy of the passkey"
	}
	return details
}
