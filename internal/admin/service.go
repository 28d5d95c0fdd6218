// Package admin implements AdminService and AuthService: administrators, sign-in and sessions.
package admin

import (
	"context"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
)

// Service implements catalog.v1.AdminService. The interceptor chain has authorized its callers.
type Service struct {
	d         *db.DB
	queue     *queue.Queue
	passwords *auth.Passwords
	throttle  *auth.Throttle
	// perHour is how many administrators each administrator may create or invite in an hour.
	perHour int
}

var _ catalogv1connect.AdminServiceHandler = (*Service)(nil)

// NewService returns the service. Share one passwords with the other services. perHour is how many administrators
// each administrator may create or invite in an hour.
func NewService(d *db.DB, q *queue.Queue, passwords *auth.Passwords, perHour int) *Service {
	return &Service{d: d, queue: q, passwords: passwords, throttle: auth.NewThrottle(d), perHour: perHour}
}

// countInviter counts that the caller creates or invites an administrator. Returns SIGN_IN_THROTTLED after too many.
func (s *Service) countInviter(ctx context.Context) error {
	who, err := caller(ctx)
	if err != nil {
		return err
	}
	return s.throttle.Count(ctx, auth.InviterLimit(who.AdminID, s.perHour))
}

// invite queues the mail with the invitation. Returns SIGN_IN_THROTTLED if the address got too many.
func invite(ctx context.Context, tx *ent.Tx, q *queue.Queue, row *ent.Admin) error {
	if err := auth.CountIn(ctx, tx, auth.LinkLimit(invitation, row.Email)); err != nil {
		return err
	}
	if err := record(ctx, tx, q, auth.Event{Type: catalogv1.SecurityEvent_TYPE_INVITED, Admin: row}); err != nil {
		return err
	}
	return mailLink(ctx, tx, q, invitation, row.ID)
}

// record records what the caller did to an administrator.
func (s *Service) record(ctx context.Context, tx *ent.Tx, kind catalogv1.SecurityEvent_Type, row *ent.Admin) error {
	return record(ctx, tx, s.queue, auth.Event{Type: kind, Admin: row})
}

// CreateAdmin implements catalog.v1.AdminService. It does not invite a disabled administrator without a
// password: see ResendInvitation.
func (s *Service) CreateAdmin(
	ctx context.Context, req *catalogv1.CreateAdminRequest,
) (*catalogv1.CreateAdminResponse, error) {
	who, err := newPerson("admin.", req.GetAdmin().GetEmail(), req.GetAdmin().GetName())
	if err != nil {
		return nil, err
	}
	if err := s.countInviter(ctx); err != nil {
		return nil, err
	}
	hash := ""
	if password := req.GetPassword(); password != "" {
		if err := who.checkPassword("password", password); err != nil {
			return nil, err
		}
		if hash, err = s.passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	var row *ent.Admin
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		row, err = tx.Admin.Create().
			SetEmail(who.email).
			SetName(who.name).
			SetPasswordHash(hash).
			SetDisabled(req.GetAdmin().GetDisabled()).
			Save(ctx)
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, catalogv1.SecurityEvent_TYPE_ADMIN_CREATED, row); err != nil || !invited(row) {
			return err
		}
		return invite(ctx, tx, s.queue, row)
	})
	if err != nil {
		return nil, emailTaken(err, who.email)
	}
	return &catalogv1.CreateAdminResponse{Admin: toAdmin(row, false)}, nil
}

// GetAdmin implements catalog.v1.AdminService.
func (s *Service) GetAdmin(
	ctx context.Context, req *catalogv1.GetAdminRequest,
) (*catalogv1.GetAdminResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	row, err := s.d.Reader().Admin.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, err
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetAdminResponse{Admin: message}, nil
}

// DeleteAdmin implements catalog.v1.AdminService.
func (s *Service) DeleteAdmin(
	ctx context.Context, req *catalogv1.DeleteAdminRequest,
) (*catalogv1.DeleteAdminResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	var row *ent.Admin
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockAdmins(ctx, tx); err != nil {
			return err
		}
		var err error
		if row, err = lockAdmin(ctx, tx, admin.ID(id), admin.DeleteTimeIsNil()); err != nil {
			return err
		}
		if err := checkETag(row, req.GetEtag()); err != nil {
			return err
		}
		if err := keepOneActive(ctx, tx, row); err != nil {
			return err
		}
		if row, err = row.Update().SetDeleteTime(tx.Clock.Now()).AddVersion(1).Save(ctx); err != nil {
			return err
		}
		if err := auth.EndAll(ctx, tx, id); err != nil {
			return err
		}
		return s.record(ctx, tx, catalogv1.SecurityEvent_TYPE_ADMIN_DELETED, row)
	})
	if err != nil {
		return nil, err
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.DeleteAdminResponse{Admin: message}, nil
}

// UndeleteAdmin implements catalog.v1.AdminService.
func (s *Service) UndeleteAdmin(
	ctx context.Context, req *catalogv1.UndeleteAdminRequest,
) (*catalogv1.UndeleteAdminResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	var row *ent.Admin
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if row, err = lockAdmin(ctx, tx, admin.ID(id)); err != nil {
			return err
		}
		if erased(row) { // nobody is left whom the account could belong to
			return errNotFound
		}
		if row.DeleteTime == nil {
			return fault.New(fault.FailedPrecondition, fault.AdminNotDeleted, "The administrator is not deleted.")
		}
		updated, err := row.Update().ClearDeleteTime().AddVersion(1).Save(ctx)
		if err != nil {
			return emailTaken(err, row.Email)
		}
		row = updated
		if err := s.record(ctx, tx, catalogv1.SecurityEvent_TYPE_ADMIN_UNDELETED, row); err != nil {
			return err
		}
		return s.mailConfirmation(ctx, tx, row)
	})
	if err != nil {
		return nil, err
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.UndeleteAdminResponse{Admin: message}, nil
}

// ResendInvitation implements catalog.v1.AdminService.
func (s *Service) ResendInvitation(
	ctx context.Context, req *catalogv1.ResendInvitationRequest,
) (*catalogv1.ResendInvitationResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	if err := s.countInviter(ctx); err != nil {
		return nil, err
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		row, err := lockAdmin(ctx, tx, admin.ID(id), admin.DeleteTimeIsNil())
		if err != nil {
			return err
		}
		if !invited(row) {
			return fault.New(fault.FailedPrecondition, fault.AdminNotInvited,
				"Only an administrator who has not accepted yet and is not disabled can be invited again.")
		}
		return invite(ctx, tx, s.queue, row)
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.ResendInvitationResponse{}, nil
}
