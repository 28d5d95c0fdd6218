package admin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
)

func TestCreateAdminInvites(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		resp, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{Admin: &catalogv1.Admin{
			Email: " Bea@EXAMPLE.com ", Name: "  Bea\u0301  ",
			Id: uuid.NewString(), State: catalogv1.Admin_STATE_DELETED, Etag: "99", DeleteTime: timestamppb.Now(),
		}})
		require.NoError(t, err)
		bea := resp.GetAdmin()
		require.Equal(t, "bea@example.com", bea.GetEmail())
		require.Equal(t, "Beá", bea.GetName())
		require.Equal(t, catalogv1.Admin_STATE_INVITED, bea.GetState(), "what the server sets is ignored")
		require.Equal(t, "1", bea.GetEtag())
		require.Nil(t, bea.GetDeleteTime())
		require.Equal(t, []string{"invitation"}, w.mails(t, bea.GetId()))
		require.EqualExportedValues(t, bea, w.get(t, bea.GetId()))
	})
}

func TestCreateAdminWithPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", goodPassword)
		require.Equal(t, catalogv1.Admin_STATE_ACTIVE, bea.GetState())
		require.Empty(t, w.mails(t, bea.GetId()))
		w.signIn(t, "BEA@example.com", goodPassword)
	})
}

func TestADisabledAdministratorIsNotInvited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		resp, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
			Admin: &catalogv1.Admin{Email: "bea@example.com", Name: "Bea", Disabled: true},
		})
		require.NoError(t, err)
		require.Equal(t, catalogv1.Admin_STATE_DISABLED, resp.GetAdmin().GetState())
		require.Empty(t, w.mails(t, resp.GetAdmin().GetId()))
	})
}

func TestCreateAdminRejects(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, tc := range map[string]struct {
			email, name, password string
			fields                []string
		}{
			"nothing at all":     {"", "", "", []string{"admin.email", "admin.name"}},
			"no @":               {"ana", "A", "", []string{"admin.email"}},
			"two @":              {"a@b@c.com", "A", "", []string{"admin.email"}},
			"a display name":     {"Ana <a@b.com>", "A", "", []string{"admin.email"}},
			"a quoted part":      {`"a b"@c.com`, "A", "", []string{"admin.email"}},
			"a line break":       {"a\r\nBcc: x@y.com", "A", "", []string{"admin.email"}},
			"several addresses":  {"a@b.com,c@d.com", "A", "", []string{"admin.email"}},
			"no domain":          {"a@", "A", "", []string{"admin.email"}},
			"a bad domain":       {"a@b..com", "A", "", []string{"admin.email"}},
			"accents before @":   {"josé@b.com", "A", "", []string{"admin.email"}},
			"too long":           {strings.Repeat("a", 250) + "@b.com", "A", "", []string{"admin.email"}},
			"a NUL byte":         {"a\x00@b.com", "A\x00", "", []string{"admin.email", "admin.name"}},
			"a name of spaces":   {"a@b.com", " \t ", "", []string{"admin.name"}},
			"a name of 101":      {"a@b.com", strings.Repeat("é", 101), "", []string{"admin.name"}},
			"a name with breaks": {"a@b.com", "A\r\nBcc: x@y.com", "", []string{"admin.name"}},
			"a short password":   {"a@b.com", "A", "short", []string{"password"}},
			"its own password":   {"long.enough@b.com", "A", "LONG.enough@b.com", []string{"password"}},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
					Admin: &catalogv1.Admin{Email: tc.email, Name: tc.name}, Password: tc.password,
				})
				requireFields(t, err, tc.fields...)
			})
		}
		list, err := w.service.ListAdmins(w.ctx, &catalogv1.ListAdminsRequest{ShowDeleted: true})
		require.NoError(t, err)
		require.Len(t, list.GetAdmins(), 1)
	})
}

func TestInternationalDomainsAreStoredInASCII(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		require.Equal(t, "bea@xn--mnchen-3ya.example", w.create(t, "bea@München.example", goodPassword).GetEmail())
		w.signIn(t, "bea@münchen.example", goodPassword)
	})
}

func TestEmailsAreUniqueAmongLiveAdmins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		errs := make([]error, 6)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
					Admin: &catalogv1.Admin{Email: "bea@example.com", Name: "Bea"},
				})
			})
		}
		wg.Wait()
		created := 0
		for _, err := range errs {
			if err == nil {
				created++
				continue
			}
			requireReason(t, err, fault.EmailTaken)
		}
		require.Equal(t, 1, created)

		first := w.list(t)[1]
		w.delete(t, first.GetId())
		second := w.create(t, "bea@example.com", "")
		_, err := w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: first.GetId()})
		requireReason(t, err, fault.EmailTaken)
		_, err = w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
			Admin: &catalogv1.Admin{Id: second.GetId(), Email: "ANA@example.com"},
		})
		requireReason(t, err, fault.EmailTaken)
	})
}

func TestDeleteAndUndelete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", goodPassword)
		session := w.signIn(t, "bea@example.com", goodPassword)
		reset := w.token(t, onetimetoken.PurposePasswordReset, bea.GetId())

		_, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: bea.GetId(), Etag: "77"})
		requireReason(t, err, fault.ETagMismatch)
		resp, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: bea.GetId(), Etag: bea.GetEtag()})
		require.NoError(t, err)
		require.Equal(t, catalogv1.Admin_STATE_DELETED, resp.GetAdmin().GetState())
		require.NotNil(t, resp.GetAdmin().GetDeleteTime())
		require.Equal(t, "2", resp.GetAdmin().GetEtag())
		requireEnded(t, w, session.GetAccessToken())
		require.Equal(t, catalogv1.Admin_STATE_DELETED, w.get(t, bea.GetId()).GetState())
		require.Len(t, w.list(t), 1)

		_, err = w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: bea.GetId()})
		requireReason(t, err, fault.AdminNotFound)
		_, err = w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{Admin: &catalogv1.Admin{Id: bea.GetId(), Name: "B"}})
		requireReason(t, err, fault.AdminNotFound)

		restored, err := w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: bea.GetId()})
		require.NoError(t, err)
		require.Equal(t, catalogv1.Admin_STATE_ACTIVE, restored.GetAdmin().GetState())
		requireEnded(t, w, session.GetAccessToken())
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: reset, NewPassword: goodPassword + "!"})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		w.signIn(t, "bea@example.com", goodPassword)
		_, err = w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: bea.GetId()})
		requireReason(t, err, fault.AdminNotDeleted)
	})
}

func TestUnknownAdministrators(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := uuid.NewString()
		_, err := w.service.GetAdmin(w.ctx, &catalogv1.GetAdminRequest{Id: id})
		requireReason(t, err, fault.AdminNotFound)
		_, err = w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: id})
		requireReason(t, err, fault.AdminNotFound)
		_, err = w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: id})
		requireReason(t, err, fault.AdminNotFound)
		_, err = w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{Admin: &catalogv1.Admin{Id: id, Name: "B"}})
		requireReason(t, err, fault.AdminNotFound)
		_, err = w.service.ResendInvitation(w.ctx, &catalogv1.ResendInvitationRequest{Id: id})
		requireReason(t, err, fault.AdminNotFound)
		_, err = w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{Admin: &catalogv1.Admin{Name: "B"}})
		requireFields(t, err, "admin.id")
		_, err = w.service.GetAdmin(w.ctx, &catalogv1.GetAdminRequest{Id: "' OR 1=1 --"})
		requireFields(t, err, "id")
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.create(t, "invited@example.com", "")
		gone := w.create(t, "gone@example.com", goodPassword)
		w.delete(t, gone.GetId())
		off := w.create(t, "off@example.com", goodPassword)
		require.NoError(t, w.disable(off.GetId()))

		_, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: w.ana.GetId()})
		requireReason(t, err, fault.LastAdmin)
		requireReason(t, w.disable(w.ana.GetId()), fault.LastAdmin)
		require.Equal(t, catalogv1.Admin_STATE_ACTIVE, w.get(t, w.ana.GetId()).GetState())

		bea := w.create(t, "bea@example.com", goodPassword)
		require.NoError(t, w.disable(w.ana.GetId()))
		_, err = w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: bea.GetId()})
		requireReason(t, err, fault.LastAdmin)
	})
}

func TestConcurrentDeletesKeepOneAdministrator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := []string{w.ana.GetId()}
		for i := range 5 {
			ids = append(ids, w.create(t, fmt.Sprintf("a%d@example.com", i), goodPassword).GetId())
		}
		errs := make([]error, len(ids))
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				if i%2 == 0 {
					errs[i] = w.disable(id)
					return
				}
				_, errs[i] = w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: id})
			})
		}
		wg.Wait()
		refused := 0
		for _, err := range errs {
			if err != nil {
				requireReason(t, err, fault.LastAdmin)
				refused++
			}
		}
		require.Equal(t, 1, refused)
		activeNow := 0
		for _, a := range w.list(t) {
			if a.GetState() == catalogv1.Admin_STATE_ACTIVE {
				activeNow++
			}
		}
		require.Equal(t, 1, activeNow)
	})
}

func TestResendInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", "")
		resend := func() error {
			_, err := w.service.ResendInvitation(w.ctx, &catalogv1.ResendInvitationRequest{Id: bea.GetId()})
			return err
		}
		require.NoError(t, resend())
		require.Equal(t, []string{"invitation", "invitation"}, w.mails(t, bea.GetId()))
		require.NoError(t, w.disable(bea.GetId()))
		requireReason(t, resend(), fault.AdminNotInvited)
		_, err := w.service.ResendInvitation(w.ctx, &catalogv1.ResendInvitationRequest{Id: w.ana.GetId()})
		requireReason(t, err, fault.AdminNotInvited)

		eve := w.create(t, "eve@example.com", "")
		req := &catalogv1.ResendInvitationRequest{Id: eve.GetId()}
		for range 4 {
			_, err := w.service.ResendInvitation(w.ctx, req)
			require.NoError(t, err)
		}
		_, err = w.service.ResendInvitation(w.ctx, req)
		requireReason(t, err, fault.SignInThrottled)
		require.Len(t, w.mails(t, eve.GetId()), 5)
	})
}

func TestInvitationsAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// One address gets few mails, whichever account has it.
		for range 5 {
			w.delete(t, w.create(t, "bea@example.com", "").GetId())
		}
		create := func(email string) error {
			_, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{Admin: &catalogv1.Admin{Email: email, Name: "N"}})
			return err
		}
		requireReason(t, create("bea@example.com"), fault.SignInThrottled)
		for i := range perHour - 6 {
			require.NoError(t, create(fmt.Sprintf("n%d@example.com", i)))
		}
		requireReason(t, create("one.more@example.com"), fault.SignInThrottled)
		count, err := w.d.Reader().Admin.Query().Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, perHour, count, "Ana, and all but the refused one")
	})
}

func TestListAdmins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, email := range []string{"b_2@example.com", "b-1@example.com", "b1@example.com", "c@example.com"} {
			w.create(t, email, goodPassword)
		}
		w.delete(t, w.create(t, "b.deleted@example.com", "").GetId())
		w.delete(t, w.create(t, "b1+twice@example.com", "").GetId())
		w.delete(t, w.create(t, "b1+twice@example.com", "").GetId())

		live := []string{"ana@example.com", "b-1@example.com", "b1@example.com", "b_2@example.com", "c@example.com"}
		all := []string{
			"ana@example.com", "b-1@example.com", "b.deleted@example.com", "b1+twice@example.com",
			"b1+twice@example.com", "b1@example.com", "b_2@example.com", "c@example.com",
		}
		for deleted, want := range map[bool][]string{false: live, true: all} {
			for size := int32(1); size <= 9; size++ {
				req := &catalogv1.ListAdminsRequest{PageSize: size, ShowDeleted: deleted}
				var got []string
				for {
					resp, err := w.service.ListAdmins(w.ctx, req)
					require.NoError(t, err)
					for _, a := range resp.GetAdmins() {
						got = append(got, a.GetEmail())
					}
					if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
						break
					}
				}
				require.Equal(t, want, got, "pages of %d", size)
			}
		}
		resp, err := w.service.ListAdmins(w.ctx, &catalogv1.ListAdminsRequest{PageSize: 1})
		require.NoError(t, err)
		_, err = w.service.ListAdmins(w.ctx, &catalogv1.ListAdminsRequest{PageToken: resp.GetNextPageToken(), ShowDeleted: true})
		requireReason(t, err, fault.PageTokenInvalid)
		madeUp, err := pagination.Token(
			map[string]any{"list": "admins", "show_deleted": false},
			map[string]any{"email": "a\x00@example.com", "id": w.ana.GetId()},
		)
		require.NoError(t, err)
		_, err = w.service.ListAdmins(w.ctx, &catalogv1.ListAdminsRequest{PageToken: madeUp})
		requireReason(t, err, fault.PageTokenInvalid)
	})
}

func (w *world) list(t *testing.T) []*catalogv1.Admin {
	t.Helper()
	resp, err := w.service.ListAdmins(w.ctx, &catalogv1.ListAdminsRequest{})
	require.NoError(t, err)
	return resp.GetAdmins()
}

func requireFields(t *testing.T, err error, want ...string) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Invalid, f.Kind)
	var got []string
	for _, v := range f.Violations {
		got = append(got, v.Field)
	}
	require.Equal(t, want, got)
}

func TestDisguisedNamesAreCleaned(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		resp, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
			Admin: &catalogv1.Admin{Email: "bea@example.com", Name: "\u202eaeB\u202c\u200b  L\u2066\u00f3pez"}, Password: goodPassword,
		})
		require.NoError(t, err)
		require.Equal(t, "aeB L\u00f3pez", resp.GetAdmin().GetName())
		_, err = w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
			Admin: &catalogv1.Admin{Email: "cleo@example.com", Name: "\u200b\u3164\u2066"}, Password: goodPassword,
		})
		requireFields(t, err, "admin.name")
	})
}

func TestBothSpellingsOfADomainSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "Bea@M\u00fcnchen.example", goodPassword)
		require.Equal(t, "bea@xn--mnchen-3ya.example", bea.GetEmail())
		for _, spelling := range []string{"bea@m\u00fcnchen.example", "bea@MU\u0308NCHEN.example", "BEA@XN--mnchen-3ya.example"} {
			w.signIn(t, spelling, goodPassword)
		}
		_, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
			Admin: &catalogv1.Admin{Email: "bea@xn--mnchen-3ya.example", Name: "Bea"}, Password: goodPassword,
		})
		requireReason(t, err, fault.EmailTaken)
	})
}
