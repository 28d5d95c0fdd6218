package admin

import (
	"context"
	"slices"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
)

// The fields of catalog.v1.Admin.
var (
	settable   = []string{"email", "name", "disabled"}
	outputOnly = []string{
		"id", "state", "etag", "create_time", "update_time", "delete_time", "last_sign_in_time", "pending_email",
		"second_factor",
	}
)

// UpdateAdmin implements catalog.v1.AdminService. An update without changes keeps the version. See moveTo for a new
// address.
func (s *Service) UpdateAdmin(
	ctx context.Context, req *catalogv1.UpdateAdminRequest,
) (*catalogv1.UpdateAdminResponse, error) {
	wanted := req.GetAdmin()
	id, err := convert.ParseID("admin.id", wanted.GetId())
	if err != nil {
		return nil, err
	}
	paths, err := updatePaths(req)
	if err != nil {
		return nil, err
	}
	var row *ent.Admin
	var email string
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockAdmins(ctx, tx); err != nil {
			return err
		}
		old, err := lockAdmin(ctx, tx, admin.ID(id), admin.DeleteTimeIsNil())
		if err != nil {
			return err
		}
		if err := checkETag(old, wanted.GetEtag()); err != nil {
			return err
		}
		target, err := merge(old, wanted, paths)
		if err != nil {
			return err
		}
		email = target.Email
		row, err = s.apply(ctx, tx, old, target)
		return err
	})
	if err != nil {
		return nil, emailTaken(err, email)
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.UpdateAdminResponse{Admin: message}, nil
}

// updatePaths returns the fields to set. Returns UPDATE_MASK_INVALID for unknown fields.
func updatePaths(req *catalogv1.UpdateAdminRequest) ([]string, error) {
	wanted := req.GetAdmin()
	mask := req.GetUpdateMask().GetPaths()
	if len(mask) == 0 {
		filled := map[string]bool{
			"email": wanted.GetEmail() != "", "name": wanted.GetName() != "", "disabled": wanted.GetDisabled(),
		}
		return slices.DeleteFunc(slices.Clone(settable), func(path string) bool { return !filled[path] }), nil
	}
	var paths []string
	for _, path := range mask {
		switch {
		case path == "*":
			paths = append(paths, settable...)
		case slices.Contains(settable, path):
			paths = append(paths, path)
		case !slices.Contains(outputOnly, path):
			return nil, fault.ReasonedFields(fault.UpdateMaskInvalid, fault.Violation{
				Field:       "update_mask",
				Description: "names " + path + ", which is not a field of an administrator",
			})
		}
	}
	return paths, nil
}

// merge returns a copy of old with the fields in paths set from wanted.
func merge(old *ent.Admin, wanted *catalogv1.Admin, paths []string) (*ent.Admin, error) {
	target := *old
	var badEmail, badName problem
	if slices.Contains(paths, "email") {
		var email string
		if email, badEmail = cleanEmail(wanted.GetEmail()); badEmail == (problem{}) {
			moveTo(&target, email)
		}
	}
	if slices.Contains(paths, "name") {
		target.Name, badName = cleanName(wanted.GetName())
	}
	if slices.Contains(paths, "disabled") {
		target.Disabled = wanted.GetDisabled()
	}
	if err := blame(at("admin.email", badEmail), at("admin.name", badName)); err != nil {
		return nil, err
	}
	return &target, nil
}

// apply stores target in place of old, ends the sessions and links that the change invalidates, and mails new links.
func (s *Service) apply(ctx context.Context, tx *ent.Tx, old, target *ent.Admin) (*ent.Admin, error) {
	disabling := target.Disabled && !old.Disabled
	moving := moves(old, target)
	if !moving && target.Name == old.Name && target.Disabled == old.Disabled {
		return old, nil
	}
	if err := requireProof(ctx, tx, moving || target.Disabled != old.Disabled); err != nil {
		return nil, err
	}
	if disabling {
		if err := keepOneActive(ctx, tx, old); err != nil {
			return nil, err
		}
	}
	row, err := old.Update().
		SetEmail(target.Email).
		SetPendingEmail(target.PendingEmail).
		SetName(target.Name).
		SetDisabled(target.Disabled).
		AddVersion(1).
		Save(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.recordUpdate(ctx, tx, old, row); err != nil {
		return nil, err
	}
	if disabling {
		if err := auth.EndAll(ctx, tx, row.ID); err != nil {
			return nil, err
		}
	}
	return row, s.moved(ctx, tx, old, row)
}

// requireProof returns REAUTHENTICATION_REQUIRED if a change concerns who can sign in and the caller did not prove who
// they are lately.
func requireProof(ctx context.Context, tx *ent.Tx, concerns bool) error {
	if !concerns {
		return nil
	}
	who, err := caller(ctx)
	if err != nil {
		return err
	}
	return auth.RequireReauthentication(who, tx.Clock.Now())
}

// recordUpdate records a change of name, and that an administrator was disabled or enabled.
func (s *Service) recordUpdate(ctx context.Context, tx *ent.Tx, old, row *ent.Admin) error {
	if row.Name != old.Name {
		err := record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_ADMIN_UPDATED, Admin: row,
			Details: map[string]string{"old_name": old.Name, "new_name": row.Name},
		})
		if err != nil {
			return err
		}
	}
	switch {
	case row.Disabled && !old.Disabled:
		return s.record(ctx, tx, catalogv1.SecurityEvent_TYPE_ADMIN_DISABLED, row)
	case old.Disabled && !row.Disabled:
		return s.record(ctx, tx, catalogv1.SecurityEvent_TYPE_ADMIN_ENABLED, row)
	default:
		return nil
	}
}
