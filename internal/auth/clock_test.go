package auth_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
)

// ring returns the sign-in keys as a process with the role admin has them.
func ring(t *testing.T, d *db.DB) *auth.KeyRing {
	t.Helper()
	store := auth.NewKeyStore(d, t.TempDir())
	require.NoError(t, store.Prepare(t.Context()))
	keys, err := auth.OpenKeys(t.Context(), slog.New(slog.DiscardHandler), store.Signing)
	require.NoError(t, err)
	return keys.OnClock(d.Clock())
}

// What one process grants or counts holds in the other one, for as long as it should, although the clock of one of
// their machines is wrong.
func TestMachinesWithWrongClocksAgree(t *testing.T) {
	for _, wrong := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(wrong.String(), func(t *testing.T) {
			url := dbtest.URL(t, "postgres")
			right := dbtest.Open(t, url)
			require.NoError(t, right.Migrate(t.Context()))
			other := dbtest.Open(t, url, db.MachineClock(func() time.Time { return time.Now().Add(wrong) }))
			for _, pair := range [][2]*db.DB{{other, right}, {right, other}} {
				agree(t, pair[0], pair[1])
			}
		})
	}
}

func agree(t *testing.T, first, second *db.DB) {
	t.Helper()
	firstKeys := ring(t, first)
	tokens, verifying := tokensOf(firstKeys), tokensOf(ring(t, second))
	sessions := auth.NewSessions(first, tokens)
	var grant auth.Grant
	var link string
	require.NoError(t, first.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		a, err := tx.Admin.Create().SetName("Ana").SetEmail(uuid.NewString() + "@example.com").SetPasswordHash("h").Save(ctx)
		if err != nil {
			return err
		}
		if grant, err = sessions.Start(ctx, tx, a.ID); err != nil {
			return err
		}
		link, err = auth.IssueOneTimeToken(ctx, tx, onetimetoken.PurposePasswordReset, &a.ID, time.Minute)
		return err
	}))
	_, err := auth.NewAuthenticator(second, verifying).Authenticate(t.Context(), grant.AccessToken)
	require.NoError(t, err)
	require.InDelta(t, auth.AccessTokenLifetime.Seconds(), time.Until(grant.ExpireTime).Seconds(), 60)
	require.NoError(t, auth.CheckOneTimeToken(t.Context(), second, onetimetoken.PurposePasswordReset, link))
	require.NoError(t, auth.Cleanup(t.Context(), second), "it deletes nothing of that")
	require.NoError(t, auth.CheckOneTimeToken(t.Context(), second, onetimetoken.PurposePasswordReset, link))

	limit := auth.Limit{ID: uuid.NewString(), Max: 1, Window: time.Minute}
	require.NoError(t, auth.NewThrottle(first).Count(t.Context(), limit))
	err = auth.NewThrottle(second).Check(t.Context(), limit)
	var refusal *fault.Error
	require.ErrorAs(t, err, &refusal)
	require.InDelta(t, 60, refusal.RetryAfter.Seconds(), 50)
}

// A clock was wrong when the only key was made, or it is now: somebody must sign nevertheless.
func TestAKeyFromTheFutureSigns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		require.NoError(t, store.Prepare(t.Context()))
		_, err := d.SQL().ExecContext(t.Context(), "UPDATE verification_keys SET sign_time = $1", d.Now().Add(time.Hour))
		require.NoError(t, err)
		first := states(t, store)
		require.Len(t, first, 1)
		for _, state := range first {
			require.Equal(t, auth.KeySigns, state)
		}
		token := signedAt(t, store, d.Now())
		keys, err := store.Public(t.Context())
		require.NoError(t, err)
		_, err = tokensOf(auth.FixedKeys(keys)).Verify(t.Context(), token)
		require.NoError(t, err)

		// The next key of a rotation still waits for its time.
		next := rotate(t, store, 2*time.Hour)
		require.Equal(t, auth.KeyNext, next.State)
		keys, err = store.Signing(t.Context())
		require.NoError(t, err)
		require.NotEqual(t, next.ID, keys.SignerID())
	})
}
