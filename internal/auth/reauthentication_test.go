package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestRequireReauthentication(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		authTime time.Time
		required bool
	}{
		"now":                           {authTime: now},
		"five minutes ago":              {authTime: now.Add(-auth.ReauthenticationLifetime)},
		"more than five minutes ago":    {authTime: now.Add(-auth.ReauthenticationLifetime - time.Second), required: true},
		"by another replica's clock":    {authTime: now.Add(time.Second)},
		"a token of the release before": {required: true},
	} {
		t.Run(name, func(t *testing.T) {
			err := auth.RequireReauthentication(auth.Principal{AuthTime: test.authTime}, now)
			require.Equal(t, test.required, fault.Is(err, fault.ReauthenticationRequired), err)
		})
	}
}

// age makes a session's proof older.
func (w *world) age(t *testing.T, by time.Duration) {
	t.Helper()
	w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
		row, err := tx.Session.Get(ctx, w.grant.SessionID)
		if err != nil {
			return err
		}
		return row.Update().SetAuthTime(row.AuthTime.Add(-by)).Exec(ctx)
	})
}

func (w *world) authTime(t *testing.T, accessToken string) time.Time {
	t.Helper()
	p, err := w.auth.Authenticate(t.Context(), accessToken)
	require.NoError(t, err)
	return p.AuthTime
}

func TestARefreshKeepsTheTimeOfAuthentication(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		require.WithinDuration(t, time.Now(), w.authTime(t, w.grant.AccessToken), time.Minute)
		w.age(t, time.Hour)
		refreshed, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(-time.Hour), w.authTime(t, refreshed.AccessToken), time.Minute)
		repeated, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(-time.Hour), w.authTime(t, repeated.AccessToken), time.Minute)
	})
}

// The token that a thief holds stays as old as it is when the session's owner proves who they are.
func TestReauthenticationRenewsTheSessionAndNotItsTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.age(t, time.Hour)
		stolen, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		proof := w.reauthenticate(t, w.grant.SessionID)
		require.Equal(t, proof.AuthTime, w.authTime(t, proof.AccessToken))
		require.WithinDuration(t, time.Now(), proof.AuthTime, time.Minute)
		require.WithinDuration(t, time.Now().Add(-time.Hour), w.authTime(t, stolen.AccessToken), time.Minute)

		refreshed, _, err := w.sessions.Refresh(t.Context(), stolen.RefreshToken)
		require.NoError(t, err, "the refresh token stays")
		require.Equal(t, proof.AuthTime, w.authTime(t, refreshed.AccessToken))
	})
}

// Sessions that a process of the release before started have no time of authentication, until their owner proves who
// they are.
func TestSessionsOfTheReleaseBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
			return tx.Session.UpdateOneID(w.grant.SessionID).ClearAuthTime().Exec(ctx)
		})
		refreshed, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		require.True(t, w.authTime(t, refreshed.AccessToken).IsZero())
		proof := w.reauthenticate(t, w.grant.SessionID)
		require.WithinDuration(t, time.Now(), w.authTime(t, proof.AccessToken), time.Minute)
	})
}

func TestAnEndedSessionIsNotReauthenticated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.tx(t, func(ctx context.Context, tx *ent.Tx) error { return auth.EndAll(ctx, tx, w.admin.ID) })
		err := d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			_, err := w.sessions.Reauthenticate(ctx, tx, auth.Principal{AdminID: w.admin.ID, SessionID: w.grant.SessionID})
			return err
		})
		require.True(t, fault.Is(err, fault.SessionEnded), err)
	})
}

func (w *world) reauthenticate(t *testing.T, sessionID uuid.UUID) auth.Proof {
	t.Helper()
	var proof auth.Proof
	w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		proof, err = w.sessions.Reauthenticate(ctx, tx, auth.Principal{AdminID: w.admin.ID, SessionID: sessionID})
		return err
	})
	return proof
}
