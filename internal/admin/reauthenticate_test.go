package admin_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	entadmin "github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

func password(password string) *catalogv1.ReauthenticateRequest {
	return &catalogv1.ReauthenticateRequest{Proof: &catalogv1.ReauthenticateRequest_Password{Password: password}}
}

// longAgo returns a context for calls by Ana with a token of somebody who signed in an hour ago.
func (w *world) longAgo(t *testing.T) context.Context {
	t.Helper()
	p, _ := auth.PrincipalFrom(w.ctx)
	p.AuthTime = p.AuthTime.Add(-time.Hour)
	return auth.WithPrincipal(w.ctx, p)
}

// events returns the types of the security events about an administrator, oldest first.
func (w *world) events(t *testing.T, adminID string) []string {
	t.Helper()
	rows, err := w.d.Reader().SecurityEvent.Query().Order(ent.Asc("id")).All(t.Context())
	require.NoError(t, err)
	var types []string
	for _, row := range rows {
		if row.AdminID != nil && row.AdminID.String() == adminID {
			types = append(types, row.Type)
		}
	}
	return types
}

func TestReauthenticate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.longAgo(t)
		before := len(w.events(t, w.ana.GetId()))
		_, err := w.auth.Reauthenticate(ctx, password("wrong password"))
		requireReason(t, err, fault.PasswordIncorrect)
		requireFields(t, err, "password")
		resp, err := w.auth.Reauthenticate(ctx, password(goodPassword))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), resp.GetAuthTime().AsTime(), time.Minute)
		require.WithinDuration(t, time.Now().Add(auth.AccessTokenLifetime), resp.GetExpireTime().AsTime(), time.Minute)
		p, err := w.guard.Authenticate(t.Context(), resp.GetAccessToken())
		require.NoError(t, err)
		require.Equal(t, resp.GetAuthTime().AsTime(), p.AuthTime)
		old, _ := auth.PrincipalFrom(ctx)
		require.Equal(t, old.SessionID, p.SessionID)
		require.Equal(t, []string{"reauthentication_failed", "reauthenticated"}, w.events(t, w.ana.GetId())[before:])
		last := w.d.Reader().SecurityEvent.Query().Order(ent.Desc("id")).FirstX(t.Context())
		require.Equal(t, old.AdminID, *last.ActorID)
		require.Equal(t, old.SessionID, *last.SessionID)

		_, err = w.auth.RefreshSession(t.Context(), &catalogv1.RefreshSessionRequest{RefreshToken: w.session.GetRefreshToken()})
		require.NoError(t, err, "the refresh token stays")
	})
}

func TestGuessingWhileReauthenticatingIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 10 {
			_, err := w.auth.Reauthenticate(w.ctx, password("wrong password"))
			requireReason(t, err, fault.PasswordIncorrect)
		}
		_, err := w.auth.Reauthenticate(w.ctx, password(goodPassword))
		requireReason(t, err, fault.SignInThrottled)
		w.signIn(t, "ana@example.com", goodPassword)
	})
}

func TestTheDisabledDoNotReauthenticate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.d.SQL().ExecContext(t.Context(), "UPDATE admins SET disabled = true WHERE id = $1", uuid.MustParse(w.ana.GetId()))
		require.NoError(t, err)
		_, err = w.auth.Reauthenticate(w.ctx, password(goodPassword))
		requireReason(t, err, fault.PasswordIncorrect)
	})
}

// Who signed in long ago may change a name, and what looks like another change and is none.
func TestUpdatesThatNeedReauthentication(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bea := w.create(t, "bea@example.com", newPassword)
		ctx := w.longAgo(t)
		update := func(ctx context.Context, a *catalogv1.Admin) error {
			a.Id = bea.GetId()
			_, err := w.service.UpdateAdmin(ctx, &catalogv1.UpdateAdminRequest{Admin: a})
			return err
		}
		require.NoError(t, update(ctx, &catalogv1.Admin{Name: "Beatriz", Email: "Bea@Example.com"}))
		for _, change := range []*catalogv1.Admin{{Email: "other@example.com"}, {Disabled: true}} {
			requireReason(t, update(ctx, change), fault.ReauthenticationRequired)
		}
		require.Equal(t, 1, w.d.Reader().Admin.Query().Where(entadmin.Email("bea@example.com"), entadmin.Disabled(false)).CountX(t.Context()))
		require.NoError(t, update(w.ctx, &catalogv1.Admin{Disabled: true}))
	})
}
