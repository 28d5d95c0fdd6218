package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

func TestUpdateAdminMasks(t *testing.T) {
	full := &catalogv1.Admin{Email: "new@example.com", Name: "New", Disabled: true}
	all := &catalogv1.Admin{Email: "bea@example.com", PendingEmail: "new@example.com", Name: "New", Disabled: true}
	cases := map[string]struct {
		admin *catalogv1.Admin
		mask  []string
		want  *catalogv1.Admin
		etag  string
	}{
		"no mask, everything filled": {full, nil, all, "2"},
		"no mask, one filled": {
			&catalogv1.Admin{Name: "New"}, nil, &catalogv1.Admin{Email: "bea@example.com", Name: "New"}, "2",
		},
		"no mask, nothing filled": {&catalogv1.Admin{}, nil, &catalogv1.Admin{Email: "bea@example.com", Name: "bea@example.com"}, "1"},
		"one path": {
			full,
			[]string{"email"},
			&catalogv1.Admin{Email: "bea@example.com", PendingEmail: "new@example.com", Name: "bea@example.com"}, "2",
		},
		"all by star": {full, []string{"*"}, all, "2"},
		"what the server sets is ignored": {
			full,
			[]string{"id", "state", "etag", "create_time", "update_time", "delete_time", "last_sign_in_time", "pending_email", "second_factor", "name"},
			&catalogv1.Admin{Email: "bea@example.com", Name: "New"}, "2",
		},
		"nothing changes": {
			&catalogv1.Admin{Email: "BEA@example.com"},
			[]string{"email", "disabled"},
			&catalogv1.Admin{Email: "bea@example.com", Name: "bea@example.com"}, "1",
		},
	}
	each(t, func(t *testing.T, w *world) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				bea := w.create(t, "bea@example.com", goodPassword)
				defer w.delete(t, bea.GetId())
				req := &catalogv1.UpdateAdminRequest{Admin: &catalogv1.Admin{
					Id: bea.GetId(), Email: tc.admin.GetEmail(), Name: tc.admin.GetName(), Disabled: tc.admin.GetDisabled(),
				}}
				if tc.mask != nil {
					req.UpdateMask = &fieldmaskpb.FieldMask{Paths: tc.mask}
				}
				resp, err := w.service.UpdateAdmin(w.ctx, req)
				require.NoError(t, err)
				got := resp.GetAdmin()
				require.Equal(t, tc.want.GetEmail(), got.GetEmail())
				require.Equal(t, tc.want.GetPendingEmail(), got.GetPendingEmail())
				require.Equal(t, tc.want.GetName(), got.GetName())
				require.Equal(t, tc.want.GetDisabled(), got.GetDisabled())
				require.Equal(t, tc.etag, got.GetEtag())
				require.EqualExportedValues(t, got, w.get(t, bea.GetId()))
			})
		}
	})
}

func TestUpdateAdminRejects(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		update := func(a *catalogv1.Admin, mask ...string) error {
			a.Id = w.ana.GetId()
			_, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
				Admin: a, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask},
			})
			return err
		}
		requireReason(t, update(&catalogv1.Admin{Name: "X"}, "name", "password_hash"), fault.UpdateMaskInvalid)
		requireReason(t, update(&catalogv1.Admin{Name: "X"}, "admin.name"), fault.UpdateMaskInvalid)
		requireFields(t, update(&catalogv1.Admin{}, "*"), "admin.email", "admin.name")
		requireFields(t, update(&catalogv1.Admin{}, "name"), "admin.name")
		requireReason(t, update(&catalogv1.Admin{Name: "X", Etag: "0"}, "name"), fault.ETagMismatch)
		require.Equal(t, "Ana", w.get(t, w.ana.GetId()).GetName())
		require.NoError(t, update(&catalogv1.Admin{Name: "X", Etag: w.ana.GetEtag()}, "name"))
	})
}

func TestDisablingEndsSessionsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", goodPassword)
		session := w.signIn(t, "bea@example.com", goodPassword)
		reset := w.token(t, onetimetoken.PurposePasswordReset, bea.GetId())
		require.NoError(t, w.disable(bea.GetId()))
		requireEnded(t, w, session.GetAccessToken())
		_, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
			Admin: &catalogv1.Admin{Id: bea.GetId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}},
		})
		require.NoError(t, err)
		requireEnded(t, w, session.GetAccessToken())
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: reset, NewPassword: goodPassword + "!"})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		w.signIn(t, "bea@example.com", goodPassword)
	})
}

func TestNewAddressOfSomebodyInvited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		cleo := w.create(t, "cleo@example.com", "")
		invitation := w.token(t, onetimetoken.PurposeInvitation, cleo.GetId())
		moved := w.move(t, cleo.GetId(), "new-cleo@example.com")
		require.Equal(t, "new-cleo@example.com", moved.GetEmail())
		require.Empty(t, moved.GetPendingEmail())
		_, err := w.auth.AcceptInvitation(t.Context(), &catalogv1.AcceptInvitationRequest{Token: invitation, Password: goodPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		require.Equal(t, []string{"invitation", "invitation"}, w.mails(t, cleo.GetId()), "the new address gets one")
		require.Contains(t, w.events(t, cleo.GetId()), "email_changed")
		require.Empty(t, w.notices(t, cleo.GetId()), "the old address may be a stranger's")
	})
}
