package admin_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent"
	entadmin "github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
)

const newPassword = "a different horse"

func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.signIn(t, "ana@example.com", goodPassword)
		reset := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		change := func(current, next string) (*catalogv1.ChangePasswordResponse, error) {
			return w.auth.ChangePassword(w.ctx, &catalogv1.ChangePasswordRequest{CurrentPassword: current, NewPassword: next})
		}
		_, err := change("wrong password", newPassword)
		requireReason(t, err, fault.PasswordIncorrect)
		requireFields(t, err, "current_password")
		_, err = change(goodPassword, "short")
		requireFields(t, err, "new_password")
		w.as(t, other.GetAccessToken())

		resp, err := change(goodPassword, newPassword)
		require.NoError(t, err)
		requireEnded(t, w, w.session.GetAccessToken())
		requireEnded(t, w, other.GetAccessToken())
		w.as(t, resp.GetAccessToken())
		_, err = w.auth.RefreshSession(t.Context(), &catalogv1.RefreshSessionRequest{RefreshToken: resp.GetRefreshToken()})
		require.NoError(t, err)
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: reset, NewPassword: goodPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		_, err = w.auth.SignIn(w.ctx, &catalogv1.SignInRequest{Email: "ana@example.com", Password: goodPassword})
		requireReason(t, err, fault.SignInFailed)
		w.signIn(t, "ana@example.com", newPassword)
	})
}

func TestChangePasswordDoesNotReplaceAnEndedSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.signIn(t, "ana@example.com", goodPassword)
		late := w.as(t, other.GetAccessToken()) // the call is authenticated, and waits for its turn to hash
		caller, ok := auth.PrincipalFrom(late)
		require.True(t, ok)
		_, err := w.auth.RevokeSession(w.ctx, &catalogv1.RevokeSessionRequest{Id: caller.SessionID.String()})
		require.NoError(t, err)
		_, err = w.auth.ChangePassword(late, &catalogv1.ChangePasswordRequest{
			CurrentPassword: goodPassword, NewPassword: newPassword,
		})
		requireReason(t, err, fault.SessionEnded)
		w.signIn(t, "ana@example.com", goodPassword)
	})
}

func TestGuessingTheCurrentPasswordIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		req := &catalogv1.ChangePasswordRequest{CurrentPassword: "wrong password", NewPassword: newPassword}
		for range 10 {
			_, err := w.auth.ChangePassword(w.ctx, req)
			requireReason(t, err, fault.PasswordIncorrect)
		}
		_, err := w.auth.ChangePassword(w.ctx, req)
		requireReason(t, err, fault.SignInThrottled)
	})
}

func TestNoSessionOutlivesAChangeOfPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		tokens := make([]string, 8)
		for i := range tokens {
			wg.Go(func() {
				resp, err := w.auth.SignIn(w.ctx, &catalogv1.SignInRequest{Email: "ana@example.com", Password: goodPassword})
				if err == nil {
					tokens[i] = resp.GetAccessToken()
				}
			})
		}
		_, err := w.auth.ChangePassword(w.ctx, &catalogv1.ChangePasswordRequest{
			CurrentPassword: goodPassword, NewPassword: newPassword,
		})
		require.NoError(t, err)
		wg.Wait()
		for _, token := range tokens {
			if token != "" {
				requireEnded(t, w, token)
			}
		}
	})
}

func TestRequestPasswordReset(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		invited := w.create(t, "invited@example.com", "")
		disabled := w.create(t, "disabled@example.com", goodPassword)
		require.NoError(t, w.disable(disabled.GetId()))
		ask := func(email string) error {
			_, err := w.auth.RequestPasswordReset(from(t.Context(), "198.51.100.7"),
				&catalogv1.RequestPasswordResetRequest{Email: email})
			return err
		}
		for _, email := range []string{"ANA@example.com", "invited@example.com", "disabled@example.com", "unknown@example.com", "rubbish"} {
			require.NoError(t, ask(email))
		}
		require.Equal(t, []string{"password_reset"}, w.mails(t, w.ana.GetId()))
		require.Equal(t, []string{"invitation", "invitation"}, w.mails(t, invited.GetId()), "is invited again")
		require.Empty(t, w.mails(t, disabled.GetId()))

		var wg sync.WaitGroup
		for _, email := range []string{"ana@example.com", "unknown@example.com"} {
			for range 4 {
				wg.Go(func() { _ = ask(email) })
			}
		}
		wg.Wait()
		requireReason(t, ask("ana@example.com"), fault.SignInThrottled)
		requireReason(t, ask("unknown@example.com"), fault.SignInThrottled)
		require.Len(t, w.mails(t, w.ana.GetId()), 5)
	})
}

// Anybody can ask, and it costs no hash: addresses that are made up must leave no rows that stay.
func TestMadeUpAddressesDoNotFillTheAuditTrail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := len(w.trail(t, 0))
		for _, email := range []string{"unknown@example.com", "ana@example.com"} {
			_, err := w.auth.RequestPasswordReset(t.Context(), &catalogv1.RequestPasswordResetRequest{Email: email})
			require.NoError(t, err)
		}
		added := w.trail(t, before)
		require.Len(t, added, 1)
		require.Equal(t, "password_reset_requested", added[0].Type)
		require.Equal(t, w.ana.GetId(), added[0].AdminID.String())
	})
}

func TestForgottenPasswordsDoNotFloodSomebodyInvited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", "")
		for range 3 {
			_, err := w.service.ResendInvitation(w.ctx, &catalogv1.ResendInvitationRequest{Id: bea.GetId()})
			require.NoError(t, err)
		}
		for range 3 {
			_, err := w.auth.RequestPasswordReset(from(t.Context(), "198.51.100.7"),
				&catalogv1.RequestPasswordResetRequest{Email: "bea@example.com"})
			require.NoError(t, err, "the answer does not tell that the address is known")
		}
		require.Len(t, w.mails(t, bea.GetId()), 5)
	})
}

func TestResetPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		reset := func(token, password string) (*catalogv1.ResetPasswordResponse, error) {
			return w.auth.ResetPassword(from(t.Context(), "192.0.2.1"),
				&catalogv1.ResetPasswordRequest{Token: token, NewPassword: password})
		}
		for range 10 {
			_, err := w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{Email: "ana@example.com", Password: "x"})
			requireReason(t, err, fault.SignInFailed)
		}
		hashed := w.passwords.Hashed()
		_, err := reset("unknown", newPassword)
		requireReason(t, err, fault.OneTimeTokenInvalid)
		require.Equal(t, hashed, w.passwords.Hashed(), "strangers cannot make the server hash")

		token := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		_, err = reset(token, "short")
		requireFields(t, err, "new_password")
		_, err = reset(token, "ANA@example.com")
		requireFields(t, err, "new_password")
		_, err = w.auth.AcceptInvitation(t.Context(), &catalogv1.AcceptInvitationRequest{Token: token, Password: newPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)

		resp, err := reset(token, newPassword)
		require.NoError(t, err)
		require.Equal(t, w.ana.GetId(), resp.GetAdmin().GetId())
		require.Equal(t, w.ana.GetEtag(), resp.GetAdmin().GetEtag())
		requireEnded(t, w, w.session.GetAccessToken())
		w.as(t, resp.GetAccessToken())
		w.signIn(t, "ana@example.com", newPassword) // the rate limit is cleared
		_, err = reset(token, goodPassword)
		requireReason(t, err, fault.OneTimeTokenInvalid)
	})
}

func TestAcceptInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", "")
		token := w.token(t, onetimetoken.PurposeInvitation, bea.GetId())
		accept := func(name string) (*catalogv1.AcceptInvitationResponse, error) {
			return w.auth.AcceptInvitation(t.Context(), &catalogv1.AcceptInvitationRequest{
				Token: token, Password: newPassword, Name: name,
			})
		}
		_, err := accept("Bea\nB")
		requireFields(t, err, "name")
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: token, NewPassword: newPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		resp, err := accept(" Beatriz ")
		require.NoError(t, err)
		require.Equal(t, "Beatriz", resp.GetAdmin().GetName())
		require.Equal(t, catalogv1.Admin_STATE_ACTIVE, resp.GetAdmin().GetState())
		require.Equal(t, "2", resp.GetAdmin().GetEtag())
		w.as(t, resp.GetAccessToken())
		w.signIn(t, "bea@example.com", newPassword)
		used := token
		token = w.token(t, onetimetoken.PurposeInvitation, bea.GetId())
		_, err = accept("")
		requireReason(t, err, fault.OneTimeTokenInvalid)
		token = used
		_, err = accept("")
		requireReason(t, err, fault.InvitationAccepted)
	})
}

func TestAUsedInvitationSaysThatTheAccountExists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", "")
		replaced := w.token(t, onetimetoken.PurposeInvitation, bea.GetId())
		token := w.token(t, onetimetoken.PurposeInvitation, bea.GetId())
		accept := func(token string) error {
			_, err := w.auth.AcceptInvitation(from(t.Context(), "192.0.2.1"),
				&catalogv1.AcceptInvitationRequest{Token: token, Password: newPassword})
			return err
		}
		require.NoError(t, accept(token))
		hashed := w.passwords.Hashed()
		requireReason(t, accept(token), fault.InvitationAccepted)
		requireReason(t, accept(replaced), fault.OneTimeTokenInvalid)
		requireReason(t, accept("unknown"), fault.OneTimeTokenInvalid)
		require.Equal(t, hashed, w.passwords.Hashed())
		_, err := w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: token, NewPassword: newPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)

		require.NoError(t, w.disable(bea.GetId()))
		requireReason(t, accept(token), fault.OneTimeTokenInvalid)
		w.delete(t, bea.GetId())
		_, err = w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: bea.GetId()})
		require.NoError(t, err)
		_, err = w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
			Admin: &catalogv1.Admin{Id: bea.GetId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}},
		})
		require.NoError(t, err)
		requireReason(t, accept(token), fault.InvitationAccepted)
	})
}

func TestADisabledAdministratorCannotAccept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", "")
		require.NoError(t, w.disable(bea.GetId()))
		token := w.token(t, onetimetoken.PurposeInvitation, bea.GetId()) // mailed before the administrator was disabled
		_, err := w.auth.AcceptInvitation(t.Context(), &catalogv1.AcceptInvitationRequest{Token: token, Password: newPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)
	})
}

func TestSetup(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newEmptyWorld(t, d)
		older, needed, err := admin.SetupToken(t.Context(), d)
		require.NoError(t, err)
		require.True(t, needed)
		token, _, err := admin.SetupToken(t.Context(), d)
		require.NoError(t, err)
		complete := func(token, email string) (*catalogv1.CompleteSetupResponse, error) {
			return w.auth.CompleteSetup(t.Context(), &catalogv1.CompleteSetupRequest{
				Token: token, Email: email, Name: "Ana", Password: goodPassword,
			})
		}
		_, err = complete(older, "ana@example.com")
		requireReason(t, err, fault.OneTimeTokenInvalid)
		require.Zero(t, w.passwords.Hashed())
		_, err = complete(token, "rubbish")
		requireFields(t, err, "email")

		var won atomic.Int32
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				resp, err := complete(token, "ana@example.com")
				if errs[i] = err; err == nil {
					won.Add(1)
					w.session = &catalogv1.SignInResponse{AccessToken: resp.GetAccessToken()}
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
		for _, err := range errs {
			if err != nil {
				requireReason(t, err, fault.SetupComplete)
			}
		}
		w.as(t, w.session.GetAccessToken())
		_, needed, err = admin.SetupToken(t.Context(), d)
		require.NoError(t, err)
		require.False(t, needed)
		_, err = complete("rubbish", "bea@example.com")
		requireReason(t, err, fault.SetupComplete)
	})
}

func TestCreateWithPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		create := func(email, name, password string) error {
			_, err := admin.CreateWithPassword(t.Context(), w.d, email, name, password)
			return err
		}
		requireFields(t, create("x", "", goodPassword), "email", "name")
		requireFields(t, create("bea@example.com", "Bea", "short"), "password")
		requireReason(t, create("Ana@example.com", "Ana", goodPassword), fault.EmailTaken)
		require.NoError(t, create("bea@example.com", "Bea", goodPassword))
		w.signIn(t, "bea@example.com", goodPassword)
		bea := w.d.Reader().Admin.Query().Where(entadmin.Email("bea@example.com")).OnlyX(t.Context())
		require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$`, bea.PasswordHash)
	})
}

// TestStrangersCannotLockAnAdministratorOut uses up the limits of Ana's account from other networks.
func TestStrangersCannotLockAnAdministratorOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		signIn := func(addr, password string) error {
			_, err := w.auth.SignIn(from(t.Context(), addr), &catalogv1.SignInRequest{Email: "ana@example.com", Password: password})
			return err
		}
		ask := func(addr string) error {
			_, err := w.auth.RequestPasswordReset(from(t.Context(), addr), &catalogv1.RequestPasswordResetRequest{Email: "ana@example.com"})
			return err
		}
		for i := range 10 {
			for range 10 {
				requireReason(t, signIn(fmt.Sprintf("2001:db8:0:%d::1", i), "wrong password"), fault.SignInFailed)
			}
		}
		requireReason(t, signIn("2001:db8:1::1", goodPassword), fault.SignInThrottled)
		require.NoError(t, signIn("192.0.2.1", goodPassword), "she signed in from there before")

		for i := range 5 {
			require.NoError(t, ask(fmt.Sprintf("2001:db8:0:%d::1", i)))
		}
		requireReason(t, ask("2001:db8:1::1"), fault.SignInThrottled)
		require.NoError(t, ask("192.0.2.1"))
		require.Len(t, w.mails(t, w.ana.GetId()), 6)

		resp, err := w.auth.ChangePassword(w.ctx, &catalogv1.ChangePasswordRequest{
			CurrentPassword: goodPassword, NewPassword: newPassword,
		})
		require.NoError(t, err, "attempts elsewhere do not count for her session")
		w.as(t, resp.GetAccessToken())
	})
}

func TestResetLinksWorkUntilOneIsUsed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		second := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		reset := func(token string) error {
			_, err := w.auth.ResetPassword(from(t.Context(), "192.0.2.1"),
				&catalogv1.ResetPasswordRequest{Token: token, NewPassword: newPassword})
			return err
		}
		require.NoError(t, reset(first), "a stranger who asks for another link does not take this one away")
		requireReason(t, reset(second), fault.OneTimeTokenInvalid)
		requireReason(t, reset(first), fault.OneTimeTokenInvalid)
	})
}

// TestWhoHasAPasswordFromBeforeSignsIn hashes a password in form NFC, as the release before did.
func TestWhoHasAPasswordFromBeforeSignsIn(t *testing.T) {
	const typed, today = "correct \ufb01ne horses", "correct fine horses"
	each(t, func(t *testing.T, w *world) {
		salt := []byte("0123456789abcdef")
		enc := base64.RawStdEncoding
		before := "$argon2id$v=19$m=64,t=1,p=1$" + enc.EncodeToString(salt) + "$" +
			enc.EncodeToString(argon2.IDKey([]byte(typed), salt, 1, 64, 1, 32))
		bea := w.create(t, "bea@example.com", goodPassword)
		row := func() *ent.Admin { return w.d.Reader().Admin.GetX(t.Context(), uuid.MustParse(bea.GetId())) }
		require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Admin.UpdateOneID(row().ID).SetPasswordHash(before).Exec(ctx)
		}))
		_, err := w.auth.SignIn(w.ctx, &catalogv1.SignInRequest{Email: "bea@example.com", Password: today})
		requireReason(t, err, fault.SignInFailed)
		require.Equal(t, before, row().PasswordHash)
		w.signIn(t, "bea@example.com", typed)
		renewed := row().PasswordHash
		require.NotEqual(t, before, renewed)
		w.signIn(t, "bea@example.com", today)
		w.signIn(t, "bea@example.com", typed)
		require.Equal(t, renewed, row().PasswordHash)
	})
}

func TestCommonPasswordsAreRefusedEverywhere(t *testing.T) {
	const common = "Qwerty123456"
	each(t, func(t *testing.T, w *world) {
		_, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
			Admin: &catalogv1.Admin{Email: "bea@example.com", Name: "Bea"}, Password: common,
		})
		requireFields(t, err, "password")
		_, err = w.auth.ChangePassword(w.ctx, &catalogv1.ChangePasswordRequest{CurrentPassword: goodPassword, NewPassword: common})
		requireFields(t, err, "new_password")
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{
			Token: w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId()), NewPassword: common,
		})
		requireFields(t, err, "new_password")
		bea := w.create(t, "bea@example.com", "")
		_, err = w.auth.AcceptInvitation(t.Context(), &catalogv1.AcceptInvitationRequest{
			Token: w.token(t, onetimetoken.PurposeInvitation, bea.GetId()), Password: common,
		})
		requireFields(t, err, "password")
		_, err = admin.CreateWithPassword(t.Context(), w.d, "cleo@example.com", "Cleo", common)
		requireFields(t, err, "password")
	})
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newEmptyWorld(t, d)
		token, _, err := admin.SetupToken(t.Context(), d)
		require.NoError(t, err)
		_, err = w.auth.CompleteSetup(t.Context(), &catalogv1.CompleteSetupRequest{
			Token: token, Email: "ana@example.com", Name: "Ana", Password: common,
		})
		requireFields(t, err, "password")
	})
}
