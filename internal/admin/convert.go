package admin

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
)

// adminMessage returns an administrator as a message.
func adminMessage(ctx context.Context, d *db.DB, row *ent.Admin) (*catalogv1.Admin, error) {
	messages, err := adminMessages(ctx, d, row)
	if err != nil {
		return nil, err
	}
	return messages[0], nil
}

// adminMessages returns administrators as messages, with one query for their passkeys.
func adminMessages(ctx context.Context, d *db.DB, rows ...*ent.Admin) ([]*catalogv1.Admin, error) {
	with, err := auth.WithPasskeys(ctx, d, rows)
	if err != nil {
		return nil, err
	}
	messages := make([]*catalogv1.Admin, len(rows))
	for i, row := range rows {
		messages[i] = toAdmin(row, with[row.ID])
	}
	return messages, nil
}

func toAdmin(a *ent.Admin, secondFactor bool) *catalogv1.Admin {
	return &catalogv1.Admin{
		Id:             a.ID.String(),
		Email:          a.Email,
		PendingEmail:   a.PendingEmail,
		Name:           a.Name,
		Disabled:       a.Disabled,
		State:          toState(a),
		Etag:           convert.ETag(a.Version),
		CreateTime:     timestamppb.New(a.CreateTime),
		UpdateTime:     timestamppb.New(a.UpdateTime),
		DeleteTime:     toTimestamp(a.DeleteTime),
		LastSignInTime: toTimestamp(a.LastSignInTime),
		SecondFactor:   secondFactor,
	}
}

func toState(a *ent.Admin) catalogv1.Admin_State {
	switch {
	case a.DeleteTime != nil:
		return catalogv1.Admin_STATE_DELETED
	case a.Disabled:
		return catalogv1.Admin_STATE_DISABLED
	case a.PasswordHash == "":
		return catalogv1.Admin_STATE_INVITED
	default:
		return catalogv1.Admin_STATE_ACTIVE
	}
}

func toSession(s *ent.Session, caller auth.Principal) *catalogv1.Session {
	return &catalogv1.Session{
		Id:              s.ID.String(),
		AdminId:         s.AdminID.String(),
		Current:         s.ID == caller.SessionID,
		UserAgent:       s.UserAgent,
		IpAddress:       s.IPAddress,
		CreateTime:      timestamppb.New(s.CreateTime),
		LastRefreshTime: timestamppb.New(s.LastRefreshTime),
		ExpireTime:      timestamppb.New(s.ExpireTime),
	}
}

func toTimestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
