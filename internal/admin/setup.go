package admin

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// SetupToken returns a new token for CompleteSetup if there is no administrator. Call it at every start. It
// revokes the tokens of earlier starts and of other replicas. needed is false if there is an administrator.
func SetupToken(ctx context.Context, d *db.DB) (token string, needed bool, err error) {
	err = d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockAdmins(ctx, tx); err != nil {
			return err
		}
		exists, err := anyAdmin(ctx, tx.Admin)
		needed = !exists
		if err != nil || exists {
			return err
		}
		token, err = auth.IssueOneTimeToken(ctx, tx, onetimetoken.PurposeSetup, nil, auth.SetupTokenLifetime)
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("setup token: %w", err)
	}
	return token, needed, nil
}

// CreateWithPassword creates an active administrator and returns their id. It is for operators with access to
// the database. Returns a fault on the fields email, name or password, or EMAIL_TAKEN.
func CreateWithPassword(ctx context.Context, d *db.DB, email, name, password string) (uuid.UUID, error) {
	who, hash, err := firstPerson(ctx, auth.NewPasswords(), email, name, password)
	if err != nil {
		return uuid.Nil, err
	}
	var id uuid.UUID
	err = d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockAdmins(ctx, tx); err != nil {
			return err
		}
		row, err := tx.Admin.Create().SetEmail(who.email).SetName(who.name).SetPasswordHash(hash).Save(ctx)
		if err != nil {
			return err
		}
		id = row.ID
		_, err = auth.RecordEvent(ctx, tx, auth.Event{Type: catalogv1.SecurityEvent_TYPE_ADMIN_CREATED, Admin: row})
		return err
	})
	return id, emailTaken(err, who.email)
}

// CompleteSetup implements catalog.v1.AuthService. Of concurrent calls exactly one succeeds.
func (s *AuthService) CompleteSetup(
	ctx context.Context, req *catalogv1.CompleteSetupRequest,
) (*catalogv1.CompleteSetupResponse, error) {
	if err := s.checkSetup(ctx, req.GetToken()); err != nil { // before hashing a password
		return nil, err
	}
	who, hash, err := firstPerson(ctx, s.passwords, req.GetEmail(), req.GetName(), req.GetPassword())
	if err != nil {
		return nil, err
	}
	var (
		row   *ent.Admin
		grant auth.Grant
	)
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := useSetupToken(ctx, tx, req.GetToken()); err != nil {
			return err
		}
		var err error
		row, err = tx.Admin.Create().
			SetEmail(who.email).
			SetName(who.name).
			SetPasswordHash(hash).
			SetLastSignInTime(tx.Clock.Now()).
			Save(ctx)
		if err != nil {
			return err
		}
		if grant, err = s.sessions.Start(ctx, tx, row.ID); err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_ADMIN_CREATED, Actor: row, Admin: row, SessionID: grant.SessionID,
		})
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.CompleteSetupResponse{
		AccessToken:  grant.AccessToken,
		RefreshToken: grant.RefreshToken,
		ExpireTime:   timestamppb.New(grant.ExpireTime),
		Admin:        toAdmin(row, false),
	}, nil
}

// checkSetup checks the token first: a concurrent call that consumes it creates an administrator, which the
// second query sees.
func (s *AuthService) checkSetup(ctx context.Context, token string) error {
	tokenErr := auth.CheckOneTimeToken(ctx, s.d, onetimetoken.PurposeSetup, token)
	if tokenErr == nil {
		return nil
	}
	exists, err := anyAdmin(ctx, s.d.Reader().Admin)
	if err != nil {
		return err
	}
	if exists {
		return errSetupComplete
	}
	return tokenErr
}

func useSetupToken(ctx context.Context, tx *ent.Tx, token string) error {
	if err := lockAdmins(ctx, tx); err != nil {
		return err
	}
	exists, err := anyAdmin(ctx, tx.Admin)
	if err != nil {
		return err
	}
	if exists {
		return errSetupComplete
	}
	_, err = auth.UseOneTimeToken(ctx, tx, onetimetoken.PurposeSetup, token)
	return err
}

var errSetupComplete = fault.New(fault.FailedPrecondition, fault.SetupComplete,
	"There is an administrator already. Ask for an invitation, or sign in.")

func anyAdmin(ctx context.Context, admins *ent.AdminClient) (bool, error) {
	return admins.Query().Where(admin.DeleteTimeIsNil()).Exist(ctx)
}

// firstPerson validates an administrator with a password and hashes it.
func firstPerson(
	ctx context.Context, passwords *auth.Passwords, email, name, password string,
) (who person, hash string, err error) {
	if who, err = newPerson("", email, name); err != nil {
		return person{}, "", err
	}
	if err := who.checkPassword("password", password); err != nil {
		return person{}, "", err
	}
	hash, err = passwords.Hash(ctx, password)
	return who, hash, err
}
