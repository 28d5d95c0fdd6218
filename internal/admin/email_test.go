package admin_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/securityevent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
)

// confirm confirms an address with the token that the mail would contain.
func (w *world) confirm(t *testing.T, token, password string) (*catalogv1.Admin, error) {
	t.Helper()
	resp, err := w.auth.ConfirmEmail(from(t.Context(), "192.0.2.1"),
		&catalogv1.ConfirmEmailRequest{Token: token, Password: password})
	return resp.GetAdmin(), err
}

func TestAnAddressIsNewOnceItsOwnerConfirmedIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		reset := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		asked := w.move(t, w.ana.GetId(), " Ana.New@Example.com")
		require.Equal(t, "ana@example.com", asked.GetEmail())
		require.Equal(t, "ana.new@example.com", asked.GetPendingEmail())
		require.Equal(t, "2", asked.GetEtag())
		require.EqualExportedValues(t, asked, w.get(t, w.ana.GetId()))
		require.Equal(t, []queue.AccountMailArgs{{
			AdminID: uuid.MustParse(w.ana.GetId()), Purpose: "email_confirmation", Email: "ana.new@example.com",
		}}, jobs[queue.AccountMailArgs](t, w.d))
		require.Equal(t, []string{"ana@example.com"}, w.notices(t, w.ana.GetId()))
		w.signIn(t, "ana@example.com", goodPassword)
		_, err := w.auth.SignIn(w.ctx, &catalogv1.SignInRequest{Email: "ana.new@example.com", Password: goodPassword})
		requireReason(t, err, fault.SignInFailed)

		token := w.token(t, onetimetoken.PurposeEmailConfirmation, w.ana.GetId())
		_, err = w.confirm(t, token, "wrong password")
		requireReason(t, err, fault.PasswordIncorrect)
		requireFields(t, err, "password")
		hashed := w.passwords.Hashed()
		for _, wrong := range []string{"unknown", reset} {
			_, err = w.confirm(t, wrong, goodPassword)
			requireReason(t, err, fault.OneTimeTokenInvalid)
		}
		require.Equal(t, hashed, w.passwords.Hashed(), "strangers cannot make the server hash")

		confirmed, err := w.confirm(t, token, goodPassword)
		require.NoError(t, err)
		require.Equal(t, "ana.new@example.com", confirmed.GetEmail())
		require.Empty(t, confirmed.GetPendingEmail())
		require.Equal(t, "3", confirmed.GetEtag())
		require.Equal(t, []string{"ana@example.com", "ana.new@example.com", "ana@example.com"}, w.notices(t, w.ana.GetId()))
		w.as(t, w.session.GetAccessToken()) // sessions stay
		w.signIn(t, "ana.new@example.com", goodPassword)
		_, err = w.confirm(t, token, goodPassword)
		requireReason(t, err, fault.OneTimeTokenInvalid)
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: reset, NewPassword: newPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		w.requireMoves(t, [][3]string{
			{"email_change_requested", "ana@example.com", "ana.new@example.com"},
			{"email_changed", "ana@example.com", "ana.new@example.com"},
		})
	})
}

// TestConfirmingAnAddressSurvivesADeadlock lets the first try of the transaction fail at its last step.
func TestConfirmingAnAddressSurvivesADeadlock(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.move(t, w.ana.GetId(), "ana.new@example.com")
		token := w.token(t, onetimetoken.PurposeEmailConfirmation, w.ana.GetId())
		tries := 0
		w.d.HookSecurityEvents(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				tries++
				if tries == 1 {
					return nil, &pq.Error{Code: "40P01"} // deadlock detected
				}
				return next.Mutate(ctx, m)
			})
		})
		confirmed, err := w.confirm(t, token, goodPassword)
		require.NoError(t, err)
		require.Equal(t, 2, tries)
		require.Equal(t, "ana.new@example.com", confirmed.GetEmail())
	})
}

// requireMoves checks the events of changed addresses: type, old_email and new_email.
func (w *world) requireMoves(t *testing.T, want [][3]string) {
	t.Helper()
	rows, err := w.d.Reader().SecurityEvent.Query().
		Where(securityevent.TypeIn("email_change_requested", "email_changed")).
		Order(securityevent.ByID()).
		All(t.Context())
	require.NoError(t, err)
	got := make([][3]string, len(rows))
	for i, row := range rows {
		require.Equal(t, w.ana.GetId(), row.ActorID.String())
		got[i] = [3]string{row.Type, row.Details["old_email"], row.Details["new_email"]}
	}
	require.Equal(t, want, got)
}

// TestNobodyBecomesAnotherAdministrator is the takeover: set somebody's address, ask for a reset, sign in as them.
func TestNobodyBecomesAnotherAdministrator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", "Bea has her own words")
		w.move(t, bea.GetId(), "mallory@example.com")
		for _, email := range []string{"mallory@example.com", "bea@example.com"} {
			_, err := w.auth.RequestPasswordReset(from(t.Context(), "198.51.100.7"),
				&catalogv1.RequestPasswordResetRequest{Email: email})
			require.NoError(t, err)
		}
		require.Equal(t, []string{"email_confirmation", "password_reset"}, w.mails(t, bea.GetId()),
			"only the address that she has gets the reset")
		token := w.token(t, onetimetoken.PurposeEmailConfirmation, bea.GetId())
		_, err := w.confirm(t, token, goodPassword)
		requireReason(t, err, fault.PasswordIncorrect)
		_, err = w.auth.ResetPassword(t.Context(), &catalogv1.ResetPasswordRequest{Token: token, NewPassword: newPassword})
		requireReason(t, err, fault.OneTimeTokenInvalid)
		require.Contains(t, w.notices(t, bea.GetId()), "bea@example.com", "she is told")
		require.NotContains(t, w.notices(t, bea.GetId()), "mallory@example.com")
	})
}

func TestANewerAddressReplacesAnOlderOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.ana.GetId()
		w.move(t, id, "first@example.com")
		first := w.token(t, onetimetoken.PurposeEmailConfirmation, id)
		again := w.move(t, id, "first@example.com")
		require.Equal(t, "2", again.GetEtag(), "the same address changes nothing")
		require.Equal(t, []string{"email_confirmation"}, w.mails(t, id))

		require.Equal(t, "second@example.com", w.move(t, id, "second@example.com").GetPendingEmail())
		_, err := w.confirm(t, first, goodPassword)
		requireReason(t, err, fault.OneTimeTokenInvalid)
		second := w.token(t, onetimetoken.PurposeEmailConfirmation, id)

		canceled := w.move(t, id, "ana@example.com")
		require.Empty(t, canceled.GetPendingEmail())
		require.Equal(t, "4", canceled.GetEtag())
		_, err = w.confirm(t, second, goodPassword)
		requireReason(t, err, fault.OneTimeTokenInvalid)
		require.Equal(t, "ana@example.com", w.get(t, id).GetEmail())
		w.requireMoves(t, [][3]string{
			{"email_change_requested", "ana@example.com", "first@example.com"},
			{"email_change_requested", "ana@example.com", "second@example.com"},
			{"email_change_requested", "second@example.com", "ana@example.com"},
		})
	})
}

func TestATakenAddressIsRefusedAtBothMoments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.create(t, "bea@example.com", goodPassword)
		_, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
			Admin: &catalogv1.Admin{Id: w.ana.GetId(), Email: "BEA@example.com"},
		})
		requireReason(t, err, fault.EmailTaken)
		require.Empty(t, w.mails(t, w.ana.GetId()))

		w.move(t, w.ana.GetId(), "cleo@example.com")
		token := w.token(t, onetimetoken.PurposeEmailConfirmation, w.ana.GetId())
		cleo := w.create(t, "cleo@example.com", goodPassword)
		_, err = w.confirm(t, token, goodPassword)
		requireReason(t, err, fault.EmailTaken)
		require.Equal(t, "ana@example.com", w.get(t, w.ana.GetId()).GetEmail())
		w.delete(t, cleo.GetId())
		_, err = w.confirm(t, token, goodPassword)
		require.NoError(t, err, "the link works once the address is free")
	})
}

func TestOneOfTwoGetsAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var tokens []string
		for i := range 4 {
			a := w.create(t, fmt.Sprintf("a%d@example.com", i), goodPassword)
			w.move(t, a.GetId(), "wanted@example.com")
			tokens = append(tokens, w.token(t, onetimetoken.PurposeEmailConfirmation, a.GetId()))
		}
		var won atomic.Int32
		var wg sync.WaitGroup
		errs := make([]error, len(tokens))
		for i, token := range tokens {
			wg.Go(func() {
				if _, errs[i] = w.confirm(t, token, goodPassword); errs[i] == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
		for _, err := range errs {
			if err != nil {
				requireReason(t, err, fault.EmailTaken)
			}
		}
	})
}

func TestGuessingWhileConfirmingIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.move(t, w.ana.GetId(), "new@example.com")
		token := w.token(t, onetimetoken.PurposeEmailConfirmation, w.ana.GetId())
		for range 10 {
			_, err := w.confirm(t, token, "wrong password")
			requireReason(t, err, fault.PasswordIncorrect)
		}
		_, err := w.confirm(t, token, goodPassword)
		requireReason(t, err, fault.SignInThrottled)
		_, err = w.auth.SignIn(from(t.Context(), "192.0.2.1"),
			&catalogv1.SignInRequest{Email: "ana@example.com", Password: goodPassword})
		requireReason(t, err, fault.SignInThrottled)
	})
}

func TestWhoIsDisabledConfirmsLater(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", goodPassword)
		w.move(t, bea.GetId(), "new@example.com")
		token := w.token(t, onetimetoken.PurposeEmailConfirmation, bea.GetId())
		require.NoError(t, w.disable(bea.GetId()))
		_, err := w.confirm(t, token, goodPassword)
		requireReason(t, err, fault.OneTimeTokenInvalid)
		w.move(t, bea.GetId(), "newer@example.com")
		require.Equal(t, []string{"email_confirmation"}, w.mails(t, bea.GetId()), "who is disabled gets no link")

		resp, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
			Admin: &catalogv1.Admin{Id: bea.GetId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}},
		})
		require.NoError(t, err)
		require.Equal(t, "bea@example.com", resp.GetAdmin().GetEmail())
		require.Equal(t, "newer@example.com", resp.GetAdmin().GetPendingEmail())
		require.Len(t, w.mails(t, bea.GetId()), 2)
		w.delete(t, bea.GetId())
		_, err = w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: bea.GetId()})
		require.NoError(t, err)
		require.Len(t, w.mails(t, bea.GetId()), 3)
		_, err = w.confirm(t, w.token(t, onetimetoken.PurposeEmailConfirmation, bea.GetId()), goodPassword)
		require.NoError(t, err)
	})
}

func TestAnAddressGetsFewConfirmations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		move := func(ctx context.Context, email string) error {
			_, err := w.service.UpdateAdmin(ctx, &catalogv1.UpdateAdminRequest{
				Admin: &catalogv1.Admin{Id: w.ana.GetId(), Email: email},
			})
			return err
		}
		for range 5 {
			require.NoError(t, move(w.ctx, "new@example.com"))
			require.NoError(t, move(w.ctx, "ana@example.com"))
		}
		requireReason(t, move(w.ctx, "new@example.com"), fault.SignInThrottled)
		require.Empty(t, w.get(t, w.ana.GetId()).GetPendingEmail())
		require.NoError(t, move(w.ctx, "other@example.com"))
		for i := range perHour - 6 {
			require.NoError(t, move(w.ctx, fmt.Sprintf("a%d@example.com", i)))
		}
		requireReason(t, move(w.ctx, "one-more@example.com"), fault.SignInThrottled)
	})
}
