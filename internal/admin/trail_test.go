package admin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/securityevent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// trail returns the events after the first n, oldest first.
func (w *world) trail(t *testing.T, n int) []*ent.SecurityEvent {
	t.Helper()
	rows, err := w.d.Reader().SecurityEvent.Query().Order(securityevent.ByID()).All(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(rows), n)
	return rows[n:]
}

// noticesTo returns the addresses that are told of an event.
func (w *world) noticesTo(t *testing.T, event *ent.SecurityEvent) []string {
	t.Helper()
	column := "args"
	if w.d.Dialect() == "sqlite3" {
		column = "json(args)"
	}
	rows, err := w.d.ReadSQL().QueryContext(t.Context(), "SELECT "+column+"->>'email' FROM river_job"+
		" WHERE kind = 'security_notice' AND CAST("+column+"->>'event_id' AS bigint) = $1 ORDER BY id", event.ID)
	require.NoError(t, err)
	defer rows.Close()
	var addresses []string
	for rows.Next() {
		var address string
		require.NoError(t, rows.Scan(&address))
		addresses = append(addresses, address)
	}
	require.NoError(t, rows.Err())
	return addresses
}

// TestTrail does everything that the audit trail is about, and reads what it says.
func TestTrail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.SecurityEvent.Delete().Exec(ctx)
			return err
		}))
		ana := uuid.MustParse(w.ana.GetId())
		luis := w.create(t, "luis@example.com", goodPassword)
		luisID := uuid.MustParse(luis.GetId())
		told := []string{"luis@example.com"}
		signedIn := w.signIn(t, "luis@example.com", goodPassword)
		asLuis := w.as(t, signedIn.GetAccessToken())
		session, err := w.guard.Authenticate(t.Context(), signedIn.GetAccessToken())
		require.NoError(t, err)
		rename := func(ctx context.Context, name string) error {
			_, err := w.service.UpdateAdmin(ctx, &catalogv1.UpdateAdminRequest{
				Admin: &catalogv1.Admin{Id: luis.GetId(), Name: name},
			})
			return err
		}
		steps := []struct {
			do    func() error
			types []string
			// actor is nil for strangers.
			actor *uuid.UUID
			told  []string
		}{
			{func() error { return nil }, []string{"admin_created"}, &ana, told},
			{func() error { return nil }, []string{"sign_in"}, &luisID, nil},
			{func() error {
				_, err := w.auth.SignIn(from(t.Context(), "198.51.100.7"),
					&catalogv1.SignInRequest{Email: "luis@example.com", Password: "wrong"})
				requireReason(t, err, fault.SignInFailed)
				return nil
			}, []string{"sign_in_failed"}, nil, nil},
			{func() error {
				_, err := w.auth.ChangePassword(asLuis,
					&catalogv1.ChangePasswordRequest{CurrentPassword: "wrong", NewPassword: "an entirely new password"})
				requireReason(t, err, fault.PasswordIncorrect)
				return nil
			}, []string{"reauthentication_failed"}, &luisID, nil},
			{func() error { return rename(asLuis, "Luis A.") }, []string{"admin_updated"}, &luisID, nil},
			{func() error { return rename(w.ctx, "Luis B.") }, []string{"admin_updated"}, &ana, told},
			{func() error { return rename(w.ctx, "Luis B.") }, nil, nil, nil},
			{func() error {
				_, err := w.auth.RequestPasswordReset(t.Context(),
					&catalogv1.RequestPasswordResetRequest{Email: "luis@example.com"})
				return err
			}, []string{"password_reset_requested"}, nil, nil},
			{func() error {
				_, err := w.auth.RevokeSession(w.ctx, &catalogv1.RevokeSessionRequest{Id: session.SessionID.String()})
				return err
			}, []string{"session_revoked"}, &ana, told},
			{func() error { // again: nothing happens
				_, err := w.auth.RevokeSession(w.ctx, &catalogv1.RevokeSessionRequest{Id: session.SessionID.String()})
				return err
			}, nil, nil, nil},
			{func() error { return w.disable(luis.GetId()) }, []string{"admin_disabled"}, &ana, told},
			{func() error { return w.disable(luis.GetId()) }, nil, nil, nil},
			{func() error {
				_, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: luis.GetId()})
				return err
			}, []string{"admin_deleted"}, &ana, told},
			{func() error {
				_, err := w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: luis.GetId()})
				return err
			}, []string{"admin_undeleted"}, &ana, told},
			{func() error {
				_, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
					Admin: &catalogv1.Admin{Id: luis.GetId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}},
				})
				return err
			}, []string{"admin_enabled"}, &ana, told},
		}
		n := 0
		for i, step := range steps {
			require.NoError(t, step.do(), i)
			for _, kind := range step.types {
				event := w.trail(t, n)[0]
				require.Equal(t, kind, event.Type)
				require.Equal(t, step.actor, event.ActorID, kind)
				require.Equal(t, &luisID, event.AdminID, kind)
				require.Equal(t, step.told, w.noticesTo(t, event), kind)
				n++
			}
		}
		require.Len(t, w.trail(t, 0), n, "nothing else was recorded")
		require.Equal(t, "luis@example.com", w.trail(t, 0)[0].AdminName, "the name at the time")
		require.Equal(t, "192.0.2.1", w.trail(t, 0)[0].IPAddress)
		require.Equal(t, map[string]string{"old_name": "Luis A.", "new_name": "Luis B."}, w.trail(t, 5)[0].Details)
	})
}

func TestTrailOfSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := len(w.trail(t, 0))
		_, err := w.auth.RefreshSession(t.Context(), &catalogv1.RefreshSessionRequest{RefreshToken: w.session.GetRefreshToken()})
		require.NoError(t, err)
		require.Empty(t, w.trail(t, n), "a refresh is no event")
		other := w.signIn(t, "ana@example.com", goodPassword)
		for range 2 {
			_, err = w.auth.SignOut(t.Context(), &catalogv1.SignOutRequest{RefreshToken: other.GetRefreshToken()})
			require.NoError(t, err)
		}
		events := w.trail(t, n)
		require.Len(t, events, 2)
		require.Equal(t, "sign_out", events[1].Type)
		require.Equal(t, events[0].SessionID, events[1].SessionID)
		require.Equal(t, events[0].AdminID, events[1].ActorID)
		require.Empty(t, w.noticesTo(t, events[1]))
	})
}

// Somebody who tries further after the limit adds no rows.
func TestTrailOfThrottledSignIns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := len(w.trail(t, 0))
		for _, email := range []string{"ana@example.com", "unknown@example.com"} {
			for i := range 15 {
				_, err := w.auth.SignIn(from(t.Context(), "198.51.100.7"), &catalogv1.SignInRequest{Email: email, Password: "wrong"})
				if i < 10 {
					requireReason(t, err, fault.SignInFailed)
				} else {
					requireReason(t, err, fault.SignInThrottled)
				}
			}
		}
		events := w.trail(t, n)
		require.Len(t, events, 22)
		for i, event := range events {
			kind := "sign_in_failed"
			if i%11 == 10 {
				kind = "sign_in_throttled"
			}
			require.Equal(t, kind, event.Type)
			require.Equal(t, i < 11, event.AdminID != nil, "nobody is concerned if there is no account")
			require.NotContains(t, event.AdminName+event.ActorName+event.UserAgent, "@")
			require.Empty(t, event.Details)
		}
	})
}

// The event exists if and only if the change does.
func TestTrailRollsBackWithTheChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := len(w.trail(t, 0))
		_, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: w.ana.GetId()})
		requireReason(t, err, fault.LastAdmin)
		require.Empty(t, w.trail(t, n))
		require.NotContains(t, w.log.String(), "admin_deleted")
	})
}

// The log has ids; names and addresses stay in the database.
func TestTrailIsLoggedWithoutNamesAndAddresses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := admin.CreateWithPassword(auth.AsOperator(t.Context()), w.d, "emma@example.com", "Emma", goodPassword)
		require.NoError(t, err)
		w.create(t, "luis@example.com", "")
		for _, event := range w.trail(t, 0) {
			require.Contains(t, w.log.String(), `"type":"`+event.Type+`"`)
			require.Contains(t, w.log.String(), event.AdminID.String())
		}
		created := w.trail(t, 1)[0]
		require.Equal(t, "operator", created.ActorName)
		require.Nil(t, created.ActorID)
		for _, personal := range []string{"Ana", "Emma", "@example.com", "192.0.2.1"} {
			require.NotContains(t, w.log.String(), personal)
		}
		require.Equal(t, 4, strings.Count(w.log.String(), "security event"), "sign-in, two creations, invitation")
	})
}

func TestTrailIsKeptForATime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const old = 2500 // several transactions
		require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			rows := make([]*ent.SecurityEventCreate, old)
			for i := range rows {
				rows[i] = tx.SecurityEvent.Create().SetType("sign_in").SetCreateTime(tx.Clock.Now().Add(-25 * time.Hour))
			}
			return tx.SecurityEvent.CreateBulk(rows...).Exec(ctx)
		}))
		require.NoError(t, auth.CleanupEvents(t.Context(), w.d, 26*time.Hour))
		require.Len(t, w.trail(t, 0), old+1)
		require.NoError(t, auth.CleanupEvents(t.Context(), w.d, 24*time.Hour))
		require.Len(t, w.trail(t, 0), 1, "the sign-in of today")
	})
}
