package admin

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/passkey"
	"github.com/zebrands/catalog/ent/passkeychallenge"
	"github.com/zebrands/catalog/ent/recoverycode"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
)

var errNoSuchPasskey = fault.New(fault.NotFound, fault.PasskeyNotFound, "There is no such passkey.")

// CreatePasskeyChallenge implements catalog.v1.AuthService. Like CreatePasskey it needs a recent proof of who the
// caller is to create a passkey: otherwise the device would keep one that the server refuses.
func (s *AuthService) CreatePasskeyChallenge(
	ctx context.Context, req *catalogv1.CreatePasskeyChallengeRequest,
) (*catalogv1.CreatePasskeyChallengeResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	creates := req.GetPurpose() == catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE
	var options string
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := requireProof(ctx, tx, creates); err != nil {
			return err
		}
		row, err := tx.Admin.Get(ctx, who.AdminID)
		if err != nil {
			return err
		}
		if creates {
			options, err = s.passkeys.BeginCreate(ctx, tx, row)
		} else {
			options, err = s.passkeys.BeginUse(ctx, tx, row, passkeychallenge.PurposeReauthenticate)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.CreatePasskeyChallengeResponse{Options: options}, nil
}

// CreatePasskey implements catalog.v1.AuthService.
func (s *AuthService) CreatePasskey(
	ctx context.Context, req *catalogv1.CreatePasskeyRequest,
) (*catalogv1.CreatePasskeyResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	name, err := passkeyName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	var added *ent.Passkey
	var codes []string
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		row, err := lockAdmin(ctx, tx, admin.ID(who.AdminID), isActive())
		if err != nil {
			return err
		}
		if added, codes, err = s.addPasskey(ctx, tx, row, name, req.GetCredential()); err != nil {
			return err
		}
		return auth.MarkSecondFactor(ctx, tx, who.SessionID)
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.CreatePasskeyResponse{Passkey: toPasskey(added), RecoveryCodes: codes}, nil
}

// addPasskey adds a passkey of an administrator, whose row is locked. The first one also creates recovery codes.
func (s *AuthService) addPasskey(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, name, credential string,
) (added *ent.Passkey, codes []string, err error) {
	another, err := auth.HasPasskey(ctx, tx.Passkey, row.ID)
	if err != nil {
		return nil, nil, err
	}
	if added, err = s.passkeys.Create(ctx, tx, row, name, credential); err != nil {
		return nil, nil, err
	}
	if !another {
		if codes, err = auth.NewRecoveryCodes(ctx, tx, row.ID); err != nil {
			return nil, nil, err
		}
	}
	return added, codes, record(ctx, tx, s.queue, auth.Event{
		Type: catalogv1.SecurityEvent_TYPE_PASSKEY_CREATED, Actor: row, Admin: row, Details: aboutPasskey(added),
	})
}

// passkeyName returns the normalized name of a passkey, which may be empty.
func passkeyName(field, typed string) (string, error) {
	name, bad := cleanName(typed)
	if bad.reason == fault.FieldRequired {
		return "", nil
	}
	return name, blame(at(field, bad))
}

func aboutPasskey(row *ent.Passkey) map[string]string {
	return map[string]string{"passkey_name": row.Name}
}

// ListPasskeys implements catalog.v1.AuthService.
func (s *AuthService) ListPasskeys(
	ctx context.Context, req *catalogv1.ListPasskeysRequest,
) (*catalogv1.ListPasskeysResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := s.existing(ctx, req.GetAdminId(), who)
	if err != nil {
		return nil, err
	}
	rows, err := s.d.Reader().Passkey.Query().Where(passkey.AdminID(owner)).Order(passkey.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	codes, err := s.d.Reader().RecoveryCode.Query().Where(recoverycode.AdminID(owner)).Count(ctx)
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.ListPasskeysResponse{RecoveryCodeCount: int32(codes)} //nolint:gosec // at most auth.RecoveryCodes
	for _, row := range rows {
		resp.Passkeys = append(resp.Passkeys, toPasskey(row))
	}
	return resp, nil
}

// DeletePasskey implements catalog.v1.AuthService. The security policy does not keep the last passkey: its owner adds
// another one at the next sign-in.
func (s *AuthService) DeletePasskey(
	ctx context.Context, req *catalogv1.DeletePasskeyRequest,
) (*catalogv1.DeletePasskeyResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		found, err := tx.Passkey.Get(ctx, id)
		if ent.IsNotFound(err) {
			return errNoSuchPasskey
		}
		if err != nil {
			return err
		}
		owner, err := lockAdmin(ctx, tx, admin.ID(found.AdminID))
		if err != nil {
			return err
		}
		return deletePasskey(ctx, tx, s.queue, owner, found)
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.DeletePasskeyResponse{}, nil
}

// deletePasskey deletes a passkey of an administrator, whose row is locked, and with the last one the recovery codes.
func deletePasskey(ctx context.Context, tx *ent.Tx, q *queue.Queue, owner *ent.Admin, row *ent.Passkey) error {
	deleted, err := tx.Passkey.Delete().Where(passkey.ID(row.ID)).Exec(ctx)
	if err != nil {
		return err
	}
	if deleted == 0 { // by another transaction
		return errNoSuchPasskey
	}
	others, err := auth.HasPasskey(ctx, tx.Passkey, owner.ID)
	if err != nil {
		return err
	}
	if !others {
		if err := auth.DeleteRecoveryCodes(ctx, tx, owner.ID); err != nil {
			return err
		}
	}
	return record(ctx, tx, q, auth.Event{
		Type: catalogv1.SecurityEvent_TYPE_PASSKEY_DELETED, Admin: owner, Details: aboutPasskey(row),
	})
}

// RemovePasskeys deletes all passkeys and recovery codes of an administrator, and returns the number of passkeys. It is
// for operators with access to the database. Returns ADMIN_NOT_FOUND if nobody has the e-mail address.
func RemovePasskeys(ctx context.Context, d *db.DB, q *queue.Queue, email string) (removed int, err error) {
	err = d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		owner, err := lockAdmin(ctx, tx, admin.Email(accountOf(email)), admin.DeleteTimeIsNil())
		if err != nil {
			return err
		}
		rows, err := tx.Passkey.Query().Where(passkey.AdminID(owner.ID)).Order(passkey.ByID()).All(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := deletePasskey(ctx, tx, q, owner, row); err != nil {
				return err
			}
		}
		removed = len(rows)
		return nil
	})
	return removed, err
}

// CreateRecoveryCodes implements catalog.v1.AuthService.
func (s *AuthService) CreateRecoveryCodes(
	ctx context.Context, _ *catalogv1.CreateRecoveryCodesRequest,
) (*catalogv1.CreateRecoveryCodesResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	var codes []string
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		row, err := lockAdmin(ctx, tx, admin.ID(who.AdminID), isActive())
		if err != nil {
			return err
		}
		if err := mustHavePasskey(ctx, tx, row.ID); err != nil {
			return err
		}
		if codes, err = auth.NewRecoveryCodes(ctx, tx, row.ID); err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_RECOVERY_CODES_CREATED, Admin: row,
		})
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.CreateRecoveryCodesResponse{RecoveryCodes: codes}, nil
}

func mustHavePasskey(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) error {
	has, err := auth.HasPasskey(ctx, tx.Passkey, adminID)
	if err == nil && !has {
		return auth.ErrNoPasskey
	}
	return err
}

func toPasskey(row *ent.Passkey) *catalogv1.Passkey {
	return &catalogv1.Passkey{
		Id:          row.ID.String(),
		AdminId:     row.AdminID.String(),
		Name:        row.Name,
		CreateTime:  timestamppb.New(row.CreateTime),
		LastUseTime: toTimestamp(row.LastUseTime),
	}
}
