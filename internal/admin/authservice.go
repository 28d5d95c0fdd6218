package admin

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
)

// AuthService implements catalog.v1.AuthService.
type AuthService struct {
	d         *db.DB
	queue     *queue.Queue
	sessions  *auth.Sessions
	passwords *auth.Passwords
	passkeys  *auth.Passkeys
	throttle  *auth.Throttle
	log       *slog.Logger
}

var _ catalogv1connect.AuthServiceHandler = (*AuthService)(nil)

// NewAuthService returns the service. tokens must be able to sign; share one passwords with the other
// services. The service never logs passwords or tokens.
func NewAuthService(
	d *db.DB, q *queue.Queue, tokens *auth.Tokens, passwords *auth.Passwords, passkeys *auth.Passkeys, log *slog.Logger,
) *AuthService {
	s := &AuthService{
		d: d, queue: q, passwords: passwords, passkeys: passkeys, log: log,
		sessions: auth.NewSessions(d, tokens),
		throttle: auth.NewThrottle(d),
	}
	s.sessions.OnReuse = s.recordReuse
	return s
}

// errSignInFailed is the answer to every failed sign-in, whether the password is wrong or the account is
// unknown, invited, disabled or deleted.
var errSignInFailed = fault.New(fault.Unauthenticated, fault.SignInFailed,
	"The e-mail address or the password is wrong.")

// SignIn implements catalog.v1.AuthService. It hashes the password and counts a failure whether or not the
// account exists, so that timing does not reveal it.
func (s *AuthService) SignIn(
	ctx context.Context, req *catalogv1.SignInRequest,
) (*catalogv1.SignInResponse, error) {
	email := accountOf(req.GetEmail())
	row, err := findLive(ctx, s.d, email)
	if err != nil {
		return nil, err
	}
	if row == nil {
		row = &ent.Admin{} // has no password and no session
	}
	client := auth.ClientFrom(ctx)
	known, err := auth.SignedInFrom(ctx, s.d, row.ID, client)
	if err != nil {
		return nil, err
	}
	limits := auth.SignInLimits(client, email, known)
	if err := s.checkPassword(ctx, limits, row, req.GetPassword(), errSignInFailed); err != nil {
		return nil, err
	}
	renewed, err := s.passwords.Renew(ctx, row.PasswordHash, req.GetPassword())
	if err != nil {
		return nil, err
	}
	return s.signIn(ctx, row, renewed, limits, req.GetSecondFactor())
}

// signIn starts a session of an administrator whose password is right. renewed is a hash to store in place of theirs,
// if not empty. limits count a wrong second factor.
func (s *AuthService) signIn(
	ctx context.Context, row *ent.Admin, renewed string, limits []auth.Limit, factor *catalogv1.SecondFactor,
) (*catalogv1.SignInResponse, error) {
	var in signedIn
	err := s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if in.row, err = recordSignIn(ctx, tx, row, renewed); err != nil {
			return err
		}
		if in.proof, err = s.proveFactor(ctx, tx, in.row, factor); err != nil {
			return err
		}
		if err := auth.Succeed(ctx, tx, limits...); err != nil {
			return err
		}
		if in.grant, err = s.start(ctx, tx, in.row, in.proof); err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type:  catalogv1.SecurityEvent_TYPE_SIGN_IN,
			Actor: in.row, Admin: in.row, SessionID: in.grant.SessionID,
		})
	})
	if err != nil {
		return nil, s.answerFactor(ctx, row, limits, factor, err)
	}
	return &catalogv1.SignInResponse{
		AccessToken:   in.grant.AccessToken,
		RefreshToken:  in.grant.RefreshToken,
		ExpireTime:    timestamppb.New(in.grant.ExpireTime),
		Admin:         toAdmin(in.row, in.proof.hasPasskey),
		RecoveryCodes: in.proof.codes,
	}, nil
}

// signedIn is an administrator whose session has started.
type signedIn struct {
	row   *ent.Admin
	proof proof
	grant auth.Grant
}

// checkPassword returns nil if row is active and password is correct, wrong if not, and SIGN_IN_THROTTLED if a
// limit is reached, before or while the call waits for its turn. Every failure takes the same steps. It records
// failures, and the first attempt that a limit refuses in its window.
func (s *AuthService) checkPassword(
	ctx context.Context, limits []auth.Limit, row *ent.Admin, password string, wrong error,
) error {
	err := s.tryPassword(ctx, limits, row, password, wrong)
	if !fault.Is(err, fault.SignInThrottled) {
		return err
	}
	noted := s.throttle.FirstRefusal(ctx, limits, func(ctx context.Context, tx *ent.Tx) error {
		return s.recordAttempt(ctx, tx, row, catalogv1.SecurityEvent_TYPE_SIGN_IN_THROTTLED)
	})
	if noted != nil {
		return noted
	}
	return err
}

func (s *AuthService) tryPassword(
	ctx context.Context, limits []auth.Limit, row *ent.Admin, password string, wrong error,
) error {
	allowed := func(ctx context.Context) error { return s.throttle.Check(ctx, limits...) }
	if err := allowed(ctx); err != nil {
		return err
	}
	matches, err := s.passwords.Verify(ctx, row.PasswordHash, password, allowed)
	if err != nil {
		return err
	}
	if matches && active(row) {
		return nil
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := auth.CountIn(ctx, tx, limits...); err != nil {
			return err
		}
		return s.recordAttempt(ctx, tx, row, failureOf(ctx, row))
	})
	if err != nil {
		return err
	}
	return wrong
}

// failureOf returns the kind of a wrong password: somebody with a session of the administrator gave it, or a stranger.
func failureOf(ctx context.Context, row *ent.Admin) catalogv1.SecurityEvent_Type {
	if who, ok := auth.PrincipalFrom(ctx); ok && who.AdminID == row.ID {
		return catalogv1.SecurityEvent_TYPE_REAUTHENTICATION_FAILED
	}
	return catalogv1.SecurityEvent_TYPE_SIGN_IN_FAILED
}

// recordAttempt records an attempt at the password of an administrator, or, without an id, of an account that does not
// exist. It does not keep the address that was typed: it may be anything, even a password.
func (s *AuthService) recordAttempt(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, kind catalogv1.SecurityEvent_Type,
) error {
	e := auth.Event{Type: kind}
	if row.ID != uuid.Nil {
		e.Admin = row
	}
	if who, ok := auth.PrincipalFrom(ctx); ok && who.AdminID == row.ID {
		e.SessionID = who.SessionID
	}
	return record(ctx, tx, s.queue, e)
}

// recordSignIn sets the sign-in time if the administrator has not changed since the password check. It locks
// the row: a concurrent change of password or state either comes first and is seen here, or comes later and
// ends the new session.
func recordSignIn(ctx context.Context, tx *ent.Tx, checked *ent.Admin, renewed string) (*ent.Admin, error) {
	same, err := tx.Admin.Update().
		Where(admin.ID(checked.ID), admin.PasswordHash(checked.PasswordHash), isActive()).
		SetLastSignInTime(tx.Clock.Now()).
		SetPasswordHash(cmp.Or(renewed, checked.PasswordHash)).
		Modify(keepUpdateTime).
		Save(ctx)
	if err != nil {
		return nil, err
	}
	if same == 0 {
		return nil, errSignInFailed
	}
	return tx.Admin.Get(ctx, checked.ID)
}

// RefreshSession implements catalog.v1.AuthService.
func (s *AuthService) RefreshSession(
	ctx context.Context, req *catalogv1.RefreshSessionRequest,
) (*catalogv1.RefreshSessionResponse, error) {
	if req.GetRefreshToken() == "" {
		return nil, fault.Field("refresh_token", fault.FieldRequired, "is required, unless a cookie holds it")
	}
	grant, row, err := s.sessions.Refresh(ctx, req.GetRefreshToken())
	if err != nil {
		return nil, err
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.RefreshSessionResponse{
		AccessToken:  grant.AccessToken,
		RefreshToken: grant.RefreshToken,
		ExpireTime:   timestamppb.New(grant.ExpireTime),
		Admin:        message,
	}, nil
}

// SignOut implements catalog.v1.AuthService. It is idempotent: an unknown refresh token is not an error.
func (s *AuthService) SignOut(
	ctx context.Context, req *catalogv1.SignOutRequest,
) (*catalogv1.SignOutResponse, error) {
	session, known, err := s.sessionToEnd(ctx, req.GetRefreshToken())
	if err != nil {
		return nil, err
	}
	if !known {
		return &catalogv1.SignOutResponse{}, nil
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		open, err := auth.OpenSession(ctx, tx, session)
		if err != nil || open == nil {
			return err
		}
		owner, err := tx.Admin.Get(ctx, open.AdminID)
		if err != nil {
			return err
		}
		if _, err := auth.EndSession(ctx, tx, session); err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_SIGN_OUT, Actor: owner, Admin: owner, SessionID: session,
		})
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.SignOutResponse{}, nil
}

// recordReuse records that a session ends because a refresh token was used again.
func (s *AuthService) recordReuse(ctx context.Context, tx *ent.Tx, reused *ent.Session) error {
	owner, err := tx.Admin.Get(ctx, reused.AdminID)
	if err != nil {
		return err
	}
	return record(ctx, tx, s.queue, auth.Event{
		Type: catalogv1.SecurityEvent_TYPE_REFRESH_TOKEN_REUSED, Admin: owner, SessionID: reused.ID,
	})
}

// EndReplaced ends the session of a refresh token that another session replaced in a browser. It is best
// effort: after a failure the session expires by itself.
func (s *AuthService) EndReplaced(ctx context.Context, refreshToken string) {
	if _, err := s.SignOut(ctx, &catalogv1.SignOutRequest{RefreshToken: refreshToken}); err != nil {
		s.log.WarnContext(ctx, "a replaced session could not be ended", "error", err)
	}
}

// sessionToEnd returns the session of a refresh token, or of the caller if there is no token. Returns
// false if the token is unknown, and TOKEN_REQUIRED if there is neither.
func (s *AuthService) sessionToEnd(ctx context.Context, token string) (id uuid.UUID, known bool, err error) {
	if token != "" {
		return auth.SessionOf(ctx, s.d, token)
	}
	who, err := caller(ctx)
	return who.SessionID, err == nil, err
}
