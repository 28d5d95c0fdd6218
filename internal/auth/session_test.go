package auth_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/refreshtoken"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
)

// world is a database with one administrator who has a session.
type world struct {
	d        *db.DB
	sessions *auth.Sessions
	auth     *auth.Authenticator
	admin    *ent.Admin
	grant    auth.Grant
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	return newWorldOf(t, d, "ana@example.com")
}

func newWorldOf(t *testing.T, d *db.DB, email string) *world {
	t.Helper()
	tokens := newTokens(t)
	w := &world{d: d, sessions: auth.NewSessions(d, tokens), auth: auth.NewAuthenticator(d, tokens)}
	w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		w.admin, err = tx.Admin.Create().SetEmail(email).SetName("Ana").SetPasswordHash("x").Save(ctx)
		return err
	})
	w.grant = w.start(t, t.Context())
	return w
}

var errUnknown = errors.New("the token is unknown")

func (w *world) tx(t *testing.T, fn func(ctx context.Context, tx *ent.Tx) error) {
	t.Helper()
	require.NoError(t, w.d.InTx(t.Context(), fn))
}

func (w *world) start(t *testing.T, ctx context.Context) auth.Grant { //nolint:revive // the context is what differs
	t.Helper()
	var grant auth.Grant
	require.NoError(t, w.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		grant, err = w.sessions.Start(ctx, tx, w.admin.ID)
		return err
	}))
	return grant
}

func (w *world) requireReason(t *testing.T, token string, want fault.Reason) {
	t.Helper()
	_, err := w.auth.Authenticate(t.Context(), token)
	require.True(t, fault.Is(err, want), err)
}

func TestAuthenticate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		got, err := w.auth.Authenticate(t.Context(), w.grant.AccessToken)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), got.AuthTime, time.Minute)
		require.Equal(t, auth.Principal{
			AdminID: w.admin.ID, SessionID: w.grant.SessionID, Name: "Ana",
			ExpireTime: w.grant.ExpireTime, AuthTime: got.AuthTime,
		}, got)
		w.requireReason(t, "rubbish", fault.TokenInvalid)
	})
}

func TestSessionsEndAtOnce(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, tx *ent.Tx, w *world) error{
		"the session ends": func(ctx context.Context, tx *ent.Tx, w *world) error {
			_, err := auth.EndSession(ctx, tx, w.grant.SessionID)
			return err
		},
		"by its refresh token": func(ctx context.Context, tx *ent.Tx, w *world) error {
			id, known, err := auth.SessionOf(ctx, w.d, w.grant.RefreshToken)
			if err != nil || !known {
				return errors.Join(err, errUnknown)
			}
			_, err = auth.EndSession(ctx, tx, id)
			return err
		},
		"all end": func(ctx context.Context, tx *ent.Tx, w *world) error {
			return auth.EndAll(ctx, tx, w.admin.ID)
		},
		"the session expires": func(ctx context.Context, tx *ent.Tx, w *world) error {
			return tx.Session.UpdateOneID(w.grant.SessionID).SetExpireTime(time.Now().UTC().Add(-time.Second)).Exec(ctx)
		},
		"the administrator is disabled": func(ctx context.Context, tx *ent.Tx, w *world) error {
			return tx.Admin.UpdateOneID(w.admin.ID).SetDisabled(true).Exec(ctx)
		},
		"the administrator is deleted": func(ctx context.Context, tx *ent.Tx, w *world) error {
			return tx.Admin.UpdateOneID(w.admin.ID).SetDeleteTime(time.Now().UTC()).Exec(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				w.tx(t, func(ctx context.Context, tx *ent.Tx) error { return end(ctx, tx, w) })
				w.requireReason(t, w.grant.AccessToken, fault.SessionEnded)
				_, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
				require.True(t, fault.Is(err, fault.RefreshTokenInvalid), err)
			})
		})
	}
}

func TestATokenIsOnlyGoodForItsOwnAdministrator(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tokens := newTokens(t)
		w := newWorld(t, d)
		token, _, err := tokens.Issue(auth.Claims{AdminID: uuid.New(), SessionID: w.grant.SessionID}, time.Now())
		require.NoError(t, err)
		_, err = auth.NewAuthenticator(d, tokens).Authenticate(t.Context(), token)
		require.True(t, fault.Is(err, fault.SessionEnded), err)
	})
}

func TestRefreshRotates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first, owner, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		require.Equal(t, w.admin.ID, owner.ID)
		require.Equal(t, w.grant.SessionID, first.SessionID)
		require.NotEqual(t, w.grant.RefreshToken, first.RefreshToken)
		second, _, err := w.sessions.Refresh(t.Context(), first.RefreshToken)
		require.NoError(t, err)
		_, err = w.auth.Authenticate(t.Context(), second.AccessToken)
		require.NoError(t, err)

		_, _, err = w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.True(t, fault.Is(err, fault.RefreshTokenReused), err)
		w.requireReason(t, second.AccessToken, fault.SessionEnded)
		_, _, err = w.sessions.Refresh(t.Context(), second.RefreshToken)
		require.True(t, fault.Is(err, fault.RefreshTokenInvalid), err)
		_, _, err = w.sessions.Refresh(t.Context(), "unknown")
		require.True(t, fault.Is(err, fault.RefreshTokenInvalid), err)
	})
}

// Anybody can make up tokens. To refuse them must not need the one connection that writes to SQLite.
func TestUnknownRefreshTokensDoNotWaitForWriters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		caller := t.Context()
		w.tx(t, func(context.Context, *ent.Tx) error {
			_, _, err := w.sessions.Refresh(caller, "unknown")
			require.True(t, fault.Is(err, fault.RefreshTokenInvalid), err)
			_, known, err := auth.SessionOf(caller, d, "unknown")
			require.False(t, known)
			return err
		})
	})
}

func TestRefreshTokensAreNotStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ids, err := d.Reader().RefreshToken.Query().IDs(t.Context())
		require.NoError(t, err)
		require.Len(t, ids, 1)
		require.NotContains(t, ids[0], w.grant.RefreshToken)
		require.Len(t, ids[0], 64)
	})
}

// The answer was lost, or two pages refreshed at once: whoever repeats gets the same refresh token, until it is used.
func TestARepeatedRefreshHasTheSameSuccessor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		again, owner, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		require.Equal(t, w.admin.ID, owner.ID)
		require.Equal(t, first.RefreshToken, again.RefreshToken)
		require.NotEqual(t, first.AccessToken, again.AccessToken)
		for _, grant := range []auth.Grant{first, again} {
			_, err = w.auth.Authenticate(t.Context(), grant.AccessToken)
			require.NoError(t, err)
		}
		stored, err := d.Reader().RefreshToken.Query().All(t.Context())
		require.NoError(t, err)
		require.Len(t, stored, 2)
		for _, row := range stored {
			require.NotContains(t, []string{w.grant.RefreshToken, first.RefreshToken}, row.ID)
			require.NotContains(t, []string{w.grant.RefreshToken, first.RefreshToken}, string(row.Nonce))
		}

		_, _, err = w.sessions.Refresh(t.Context(), again.RefreshToken)
		require.NoError(t, err)
		_, _, err = w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.True(t, fault.Is(err, fault.RefreshTokenReused), err)
		w.requireReason(t, first.AccessToken, fault.SessionEnded)
	})
}

func TestARepeatedRefreshDoesNotReviveAnEndedSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		w.tx(t, func(ctx context.Context, tx *ent.Tx) error { return auth.EndAll(ctx, tx, w.admin.ID) })
		for _, token := range []string{w.grant.RefreshToken, first.RefreshToken} {
			_, _, err = w.sessions.Refresh(t.Context(), token)
			require.True(t, fault.Is(err, fault.RefreshTokenInvalid), err)
		}
	})
}

// A token that is used again must end the session if its time has passed, or if nobody knows its successor, because a
// process of the release before used it.
func TestLaterReuseEndsTheSession(t *testing.T) {
	late := auth.RefreshGrace + time.Second
	for name, change := range map[string]func(row *ent.RefreshTokenUpdateOne){
		"too late":               func(row *ent.RefreshTokenUpdateOne) { row.SetUseTime(time.Now().UTC().Add(-late)) },
		"by the release before":  func(row *ent.RefreshTokenUpdateOne) { row.ClearNonce() },
		"with another successor": func(row *ent.RefreshTokenUpdateOne) { row.SetNonce([]byte("another")) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				first, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
				require.NoError(t, err)
				w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
					used, err := tx.RefreshToken.Query().Where(refreshtoken.UseTimeNotNil()).Only(ctx)
					if err != nil {
						return err
					}
					row := used.Update()
					change(row)
					return row.Exec(ctx)
				})
				_, _, err = w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
				require.True(t, fault.Is(err, fault.RefreshTokenReused), err)
				w.requireReason(t, first.AccessToken, fault.SessionEnded)
			})
		})
	}
}

func TestOfManyRefreshesAtOnceAllGetTheSameToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		token := w.grant.RefreshToken
		for range 3 { // generations
			grants, errs := make([]auth.Grant, 8), make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() { grants[i], _, errs[i] = w.sessions.Refresh(t.Context(), token) })
			}
			wg.Wait()
			for i, err := range errs {
				require.NoError(t, err)
				require.Equal(t, grants[0].RefreshToken, grants[i].RefreshToken)
				_, err = w.auth.Authenticate(t.Context(), grants[i].AccessToken)
				require.NoError(t, err)
			}
			token = grants[0].RefreshToken
		}
		require.Equal(t, 4, d.Reader().RefreshToken.Query().CountX(t.Context()))
	})
}

// One caller repeats a refresh while another one uses its result: the session either goes on for both or ends for
// both, and the tokens that it ends with work for nobody.
func TestARepeatRacesWithTheUseOfTheSuccessor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 5 {
			w := newWorldOf(t, d, uuid.NewString()+"@example.com")
			first, _, err := w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
			require.NoError(t, err)
			var repeat, next auth.Grant
			var repeatErr, nextErr error
			var wg sync.WaitGroup
			wg.Go(func() { repeat, _, repeatErr = w.sessions.Refresh(t.Context(), w.grant.RefreshToken) })
			wg.Go(func() { next, _, nextErr = w.sessions.Refresh(t.Context(), first.RefreshToken) })
			wg.Wait()
			if repeatErr == nil {
				require.NoError(t, nextErr)
				require.Equal(t, first.RefreshToken, repeat.RefreshToken)
				_, err = w.auth.Authenticate(t.Context(), next.AccessToken)
				require.NoError(t, err)
				continue
			}
			require.True(t, fault.Is(repeatErr, fault.RefreshTokenReused), repeatErr)
			w.requireReason(t, first.AccessToken, fault.SessionEnded)
			if nextErr == nil {
				w.requireReason(t, next.AccessToken, fault.SessionEnded)
			}
		}
	})
}

func TestRefreshingNeverOutlivesTheSessionLifetime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		born := time.Now().UTC().Add(-auth.SessionLifetime + time.Hour).Truncate(time.Microsecond)
		_, err := d.SQL().ExecContext(t.Context(), `UPDATE sessions SET create_time = $1`, born)
		require.NoError(t, err)
		_, _, err = w.sessions.Refresh(t.Context(), w.grant.RefreshToken)
		require.NoError(t, err)
		row, err := d.Reader().Session.Get(t.Context(), w.grant.SessionID)
		require.NoError(t, err)
		require.Equal(t, born.Add(auth.SessionLifetime), row.ExpireTime.UTC())
	})
}

func TestSessionsKnowWhereTheyStarted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.start(t, auth.WithClient(t.Context(), auth.Client{
			Address:   netip.MustParseAddr("::ffff:192.0.2.7"),
			UserAgent: "curl\x00\xff\u009b\u202e" + strings.Repeat("x", 600),
		}))
		sessions, err := auth.ActiveSessions(t.Context(), d, w.admin.ID, 10)
		require.NoError(t, err)
		require.Len(t, sessions, 2)
		require.Equal(t, w.grant.SessionID, sessions[1].ID, "the latest comes first")
		require.Equal(t, "192.0.2.7", sessions[0].IPAddress)
		require.Equal(t, "curl"+strings.Repeat("x", 501), sessions[0].UserAgent)
	})
}

func TestCleanupRemovesWhatHasExpired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		kept := w.start(t, t.Context())
		past := time.Now().UTC().Add(-time.Minute)
		w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
			for _, ttl := range []time.Duration{-time.Minute, time.Minute} {
				id := uuid.New()
				if _, err := auth.IssueOneTimeToken(ctx, tx, "invitation", &id, ttl); err != nil {
					return err
				}
				expire := time.Now().UTC().Add(ttl)
				if err := tx.Throttle.Create().SetID(id.String()).SetExpireTime(expire).Exec(ctx); err != nil {
					return err
				}
			}
			return tx.Session.UpdateOneID(w.grant.SessionID).SetExpireTime(past).Exec(ctx)
		})
		require.NoError(t, auth.Cleanup(t.Context(), d))
		require.Equal(t, 1, d.Reader().OneTimeToken.Query().CountX(t.Context()))
		require.Equal(t, 1, d.Reader().Throttle.Query().CountX(t.Context()))
		require.Equal(t, kept.SessionID, d.Reader().Session.Query().OnlyIDX(t.Context()))
		require.Equal(t, 1, d.Reader().RefreshToken.Query().Where(refreshtoken.SessionID(kept.SessionID)).CountX(t.Context()))
		require.Equal(t, 1, d.Reader().RefreshToken.Query().CountX(t.Context()))
	})
}
