package admin_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent/throttle"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		etag, updated := w.ana.GetEtag(), w.ana.GetUpdateTime().AsTime()
		resp := w.signIn(t, " ANA@Example.com ", goodPassword)
		require.NotEqual(t, w.session.GetRefreshToken(), resp.GetRefreshToken())
		require.Equal(t, w.ana.GetId(), resp.GetAdmin().GetId())
		require.NotNil(t, resp.GetAdmin().GetLastSignInTime())
		require.Equal(t, etag, resp.GetAdmin().GetEtag(), "signing in does not change the resource")
		require.Equal(t, updated, resp.GetAdmin().GetUpdateTime().AsTime())
		_, err := w.guard.Authenticate(t.Context(), resp.GetAccessToken())
		require.NoError(t, err)
	})
}

func TestEveryFailedSignInLooksTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.create(t, "invited@example.com", "")
		require.NoError(t, w.disable(w.create(t, "disabled@example.com", goodPassword).GetId()))
		w.delete(t, w.create(t, "deleted@example.com", goodPassword).GetId())
		texts := map[string]bool{}
		for email, password := range map[string]string{
			"ana@example.com":      "wrong password",
			"unknown@example.com":  goodPassword,
			"invited@example.com":  goodPassword,
			"disabled@example.com": goodPassword,
			"deleted@example.com":  goodPassword,
			"not an address":       goodPassword,
			"":                     "",
			"' OR 1=1 --":          "' OR 1=1 --",
		} {
			hashed := w.passwords.Hashed()
			counts := w.d.Reader().Throttle.Query().CountX(t.Context())
			_, err := w.auth.SignIn(from(t.Context(), "198.51.100.7"), &catalogv1.SignInRequest{Email: email, Password: password})
			requireReason(t, err, fault.SignInFailed)
			require.Equal(t, hashed+1, w.passwords.Hashed(), "%q costs one hash", email)
			require.Greater(t, w.d.Reader().Throttle.Query().CountX(t.Context()), counts, "%q is counted", email)
			texts[err.Error()] = true
		}
		require.Len(t, texts, 1)
	})
}

func TestSignInIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		try := func(addr, email, password string) error {
			_, err := w.auth.SignIn(from(t.Context(), addr), &catalogv1.SignInRequest{Email: email, Password: password})
			return err
		}
		for _, email := range []string{"ana@example.com", "unknown@example.com"} {
			for range 10 {
				requireReason(t, try("198.51.100.7", email, "wrong password"), fault.SignInFailed)
			}
			hashed := w.passwords.Hashed()
			requireReason(t, try("198.51.100.7", email, goodPassword), fault.SignInThrottled)
			require.Equal(t, hashed, w.passwords.Hashed(), "a throttled attempt costs no hash")
		}
		require.NoError(t, try("192.0.2.1", "ana@example.com", goodPassword), "elsewhere the owner signs in")
		require.NoError(t, w.disableThrottle(t))
		require.NoError(t, try("198.51.100.7", "ana@example.com", goodPassword))
	})
}

// disableThrottle ends all rate limit windows.
func (w *world) disableThrottle(t *testing.T) error {
	t.Helper()
	_, err := w.d.SQL().ExecContext(t.Context(), `DELETE FROM `+throttle.Table)
	return err
}

func TestSuccessClearsFailures(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 4 {
			for range 9 {
				_, err := w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{Email: "ana@example.com", Password: "x"})
				requireReason(t, err, fault.SignInFailed)
			}
			w.signIn(t, "ana@example.com", goodPassword)
		}
	})
}

func TestConcurrentCorrectPasswordsAreNotThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		errs := make([]error, 24)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.auth.SignIn(from(t.Context(), "192.0.2.1"),
					&catalogv1.SignInRequest{Email: "ana@example.com", Password: goodPassword})
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	})
}

func TestConcurrentWrongPasswordsAreAllCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		errs := make([]error, 24)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.auth.SignIn(from(t.Context(), "198.51.100.7"),
					&catalogv1.SignInRequest{Email: "ana@example.com", Password: "wrong password"})
			})
		}
		wg.Wait()
		failed := 0
		for _, err := range errs {
			if fault.Is(err, fault.SignInFailed) {
				failed++
				continue
			}
			requireReason(t, err, fault.SignInThrottled)
		}
		require.Equal(t, 10, failed)
	})
}

func TestRefreshSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		resp, err := w.auth.RefreshSession(t.Context(), &catalogv1.RefreshSessionRequest{RefreshToken: w.session.GetRefreshToken()})
		require.NoError(t, err)
		require.Equal(t, w.ana.GetId(), resp.GetAdmin().GetId())
		w.as(t, resp.GetAccessToken())
		_, err = w.auth.RefreshSession(t.Context(), &catalogv1.RefreshSessionRequest{RefreshToken: resp.GetRefreshToken()})
		require.NoError(t, err)
		_, err = w.auth.RefreshSession(t.Context(), &catalogv1.RefreshSessionRequest{RefreshToken: w.session.GetRefreshToken()})
		requireReason(t, err, fault.RefreshTokenReused)
		requireEnded(t, w, resp.GetAccessToken())
		require.Contains(t, w.log.String(), `"level":"WARN","msg":"security event"`, "reuse is worth a warning in the log")
		require.Contains(t, w.log.String(), w.ana.GetId())
		for _, secret := range []string{w.session.GetRefreshToken(), resp.GetRefreshToken(), resp.GetAccessToken(), goodPassword} {
			require.NotContains(t, w.log.String(), secret)
		}
	})
}

func TestSignOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.auth.SignOut(t.Context(), &catalogv1.SignOutRequest{})
		requireReason(t, err, fault.TokenRequired)
		other := w.signIn(t, "ana@example.com", goodPassword)
		for range 2 {
			_, err = w.auth.SignOut(t.Context(), &catalogv1.SignOutRequest{RefreshToken: other.GetRefreshToken()})
			require.NoError(t, err)
		}
		requireEnded(t, w, other.GetAccessToken())
		_, err = w.auth.SignOut(t.Context(), &catalogv1.SignOutRequest{RefreshToken: "unknown"})
		require.NoError(t, err)
		w.as(t, w.session.GetAccessToken())
		_, err = w.auth.SignOut(w.ctx, &catalogv1.SignOutRequest{})
		require.NoError(t, err)
		requireEnded(t, w, w.session.GetAccessToken())
	})
}

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		current, err := w.auth.GetCurrentAdmin(w.ctx, &catalogv1.GetCurrentAdminRequest{})
		require.NoError(t, err)
		require.Equal(t, w.ana.GetId(), current.GetAdmin().GetId())
		bea := w.create(t, "bea@example.com", goodPassword)
		other := w.signIn(t, "bea@example.com", goodPassword)

		own, err := w.auth.ListSessions(w.ctx, &catalogv1.ListSessionsRequest{})
		require.NoError(t, err)
		require.Len(t, own.GetSessions(), 1)
		require.True(t, own.GetSessions()[0].GetCurrent())
		require.Equal(t, "192.0.2.1", own.GetSessions()[0].GetIpAddress())
		require.Equal(t, "test", own.GetSessions()[0].GetUserAgent())

		hers, err := w.auth.ListSessions(w.ctx, &catalogv1.ListSessionsRequest{AdminId: bea.GetId()})
		require.NoError(t, err)
		require.Len(t, hers.GetSessions(), 1)
		require.False(t, hers.GetSessions()[0].GetCurrent())
		for range 2 {
			_, err = w.auth.RevokeSession(w.ctx, &catalogv1.RevokeSessionRequest{Id: hers.GetSessions()[0].GetId()})
			require.NoError(t, err)
		}
		requireEnded(t, w, other.GetAccessToken())
		hers, err = w.auth.ListSessions(w.ctx, &catalogv1.ListSessionsRequest{AdminId: bea.GetId()})
		require.NoError(t, err)
		require.Empty(t, hers.GetSessions())

		_, err = w.auth.RevokeSession(w.ctx, &catalogv1.RevokeSessionRequest{Id: uuid.NewString()})
		requireReason(t, err, fault.SessionNotFound)
		_, err = w.auth.ListSessions(w.ctx, &catalogv1.ListSessionsRequest{AdminId: uuid.NewString()})
		requireReason(t, err, fault.AdminNotFound)
	})
}

func TestCallsThatNeedACaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.auth.GetCurrentAdmin(t.Context(), &catalogv1.GetCurrentAdminRequest{})
		requireReason(t, err, fault.TokenRequired)
		_, err = w.auth.ListSessions(t.Context(), &catalogv1.ListSessionsRequest{})
		requireReason(t, err, fault.TokenRequired)
		_, err = w.auth.ChangePassword(t.Context(), &catalogv1.ChangePasswordRequest{})
		requireReason(t, err, fault.TokenRequired)
	})
}
