package admin

import (
	"context"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
)

// maxSessions bounds a list of sessions.
const maxSessions = 1000

// GetCurrentAdmin implements catalog.v1.AuthService.
func (s *AuthService) GetCurrentAdmin(
	ctx context.Context, _ *catalogv1.GetCurrentAdminRequest,
) (*catalogv1.GetCurrentAdminResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	row, err := s.d.Reader().Admin.Get(ctx, who.AdminID)
	if err != nil {
		return nil, err
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetCurrentAdminResponse{Admin: message}, nil
}

// ListSessions implements catalog.v1.AuthService.
func (s *AuthService) ListSessions(
	ctx context.Context, req *catalogv1.ListSessionsRequest,
) (*catalogv1.ListSessionsResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := s.existing(ctx, req.GetAdminId(), who)
	if err != nil {
		return nil, err
	}
	rows, err := auth.ActiveSessions(ctx, s.d, owner, maxSessions)
	if err != nil {
		return nil, err
	}
	sessions := make([]*catalogv1.Session, len(rows))
	for i, row := range rows {
		sessions[i] = toSession(row, who)
	}
	return &catalogv1.ListSessionsResponse{Sessions: sessions}, nil
}

// existing parses the id of an administrator; an empty one is the caller's. Returns ADMIN_NOT_FOUND if there is none.
func (s *AuthService) existing(ctx context.Context, adminID string, who auth.Principal) (uuid.UUID, error) {
	if adminID == "" {
		return who.AdminID, nil
	}
	id, err := convert.ParseID("admin_id", adminID)
	if err != nil {
		return uuid.Nil, err
	}
	exists, err := s.d.Reader().Admin.Query().Where(admin.ID(id)).Exist(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	if !exists {
		return uuid.Nil, errNotFound
	}
	return id, nil
}

// RevokeSession implements catalog.v1.AuthService.
func (s *AuthService) RevokeSession(
	ctx context.Context, req *catalogv1.RevokeSessionRequest,
) (*catalogv1.RevokeSessionResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		open, err := auth.OpenSession(ctx, tx, id)
		if err != nil {
			return err
		}
		found, err := auth.EndSession(ctx, tx, id)
		if err == nil && !found {
			return fault.New(fault.NotFound, fault.SessionNotFound, "There is no such session.")
		}
		if err != nil || open == nil {
			return err
		}
		owner, err := tx.Admin.Get(ctx, open.AdminID)
		if err != nil {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_SESSION_REVOKED, Admin: owner, SessionID: id,
		})
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.RevokeSessionResponse{}, nil
}
