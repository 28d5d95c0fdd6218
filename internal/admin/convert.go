package admin

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
)

func toAdmin(a *ent.Admin) *catalogv1.Admin {
	return &catalogv1.Admin{
		Id:             a.ID.String(),
		Email:          a.Email,
		Name:           a.Name,
		Disabled:       a.Disabled,
		State:          toState(a),
		Etag:           convert.ETag(a.Version),
		CreateTime:     timestamppb.New(a.CreateTime),
		UpdateTime:     timestamppb.New(a.UpdateTime),
		DeleteTime:     toTimestamp(a.DeleteTime),
		LastSignInTime: toTimestamp(a.LastSignInTime),
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
