package auth_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
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

// states returns the keys of a store by their ids.
func states(t *testing.T, store *auth.KeyStore) map[string]auth.KeyState {
	t.Helper()
	list, err := store.List(t.Context())
	require.NoError(t, err)
	all := map[string]auth.KeyState{}
	for _, k := range list {
		all[k.ID] = k.State
	}
	return all
}

// secrets returns how many keys can sign.
func secrets(t *testing.T, d *db.DB) int {
	t.Helper()
	n, err := d.Reader().SigningKey.Query().Count(t.Context())
	require.NoError(t, err)
	return n
}

func rotate(t *testing.T, store *auth.KeyStore, lead time.Duration) auth.KeyInfo {
	t.Helper()
	k, err := store.Rotate(t.Context(), lead)
	require.NoError(t, err)
	return k
}

// signedAt returns a token that the store's keys sign at a time.
func signedAt(t *testing.T, store *auth.KeyStore, at time.Time) string {
	t.Helper()
	keys, err := store.Signing(t.Context())
	require.NoError(t, err)
	token, _, err := tokensOf(auth.FixedKeys(keys)).Issue(auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}, at)
	require.NoError(t, err)
	return token
}

func TestPrepareMakesOneKeyForAllThatStartTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		empty, err := store.Public(t.Context())
		require.NoError(t, err, "a process that only verifies may be the first")
		require.Empty(t, empty.SignerID())
		ids := make([]string, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				assertNoError(t, store.Prepare(t.Context()))
				keys, err := store.Signing(t.Context())
				assertNoError(t, err)
				ids[i] = keys.SignerID()
			})
		}
		wg.Wait()
		require.NotEmpty(t, ids[0])
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		require.Equal(t, map[string]auth.KeyState{ids[0]: auth.KeySigns}, states(t, store))
	})
}

func TestPublicKeysVerifyAndCannotSign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		require.NoError(t, store.Prepare(t.Context()))
		token := signedAt(t, store, time.Now())
		_, err := d.SQL().ExecContext(t.Context(), "DROP TABLE signing_keys")
		require.NoError(t, err)
		ring, err := auth.OpenKeys(t.Context(), slog.New(slog.DiscardHandler), store.Public)
		require.NoError(t, err, "no secret is read")
		_, err = tokensOf(ring).Verify(t.Context(), token)
		require.NoError(t, err)
		_, _, err = tokensOf(ring).Issue(auth.Claims{}, time.Now())
		require.ErrorContains(t, err, "verify-only")
	})
}

func TestRotate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		start := time.Now()
		next := rotate(t, store, time.Hour) // makes the first one too
		require.Equal(t, auth.KeyNext, next.State)
		require.WithinDuration(t, start.Add(time.Hour), next.SignTime, time.Minute)
		require.Zero(t, next.ExpireTime)
		list, err := store.List(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 2)
		first := list[1]
		require.Equal(t, auth.KeySigns, first.State)
		require.GreaterOrEqual(t, first.ExpireTime, next.SignTime.Add(15*time.Minute), "until its last token has expired")

		require.Equal(t, first.ID, kid(t, signedAt(t, store, time.Now())))
		require.Equal(t, first.ID, kid(t, signedAt(t, store, next.SignTime.Add(-time.Second))))
		require.Equal(t, next.ID, kid(t, signedAt(t, store, next.SignTime)))
		keys, err := store.Public(t.Context())
		require.NoError(t, err)
		_, err = tokensOf(auth.FixedKeys(keys)).Verify(t.Context(), signedAt(t, store, time.Now()))
		require.NoError(t, err)

		at := rotate(t, store, 0)
		require.Equal(t, auth.KeySigns, at.State)
		require.Equal(t, map[string]auth.KeyState{
			first.ID: auth.KeyVerifies, at.ID: auth.KeySigns, next.ID: auth.KeyNext,
		}, states(t, store))
	})
}

func TestRotateAtOnceFromSeveralProcesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, err := store.Rotate(t.Context(), 0)
				assertNoError(t, err)
			})
		}
		wg.Wait()
		signing := 0
		for _, state := range states(t, store) {
			if state == auth.KeySigns {
				signing++
			}
		}
		require.Len(t, states(t, store), 5, "four, and the first one")
		require.Equal(t, 1, signing)
	})
}

func TestRetire(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		require.NoError(t, store.Prepare(t.Context()))
		old := signedAt(t, store, time.Now())
		require.ErrorContains(t, store.Retire(t.Context(), kid(t, old)), "rotate the keys first")
		require.ErrorContains(t, store.Retire(t.Context(), "nobody"), "no key with this id")
		next := rotate(t, store, time.Hour)
		require.NoError(t, store.Retire(t.Context(), next.ID), "the rotation is called off")
		require.Equal(t, map[string]auth.KeyState{kid(t, old): auth.KeySigns}, states(t, store))

		now := rotate(t, store, 0)
		require.NoError(t, store.Retire(t.Context(), kid(t, old)))
		require.Equal(t, map[string]auth.KeyState{now.ID: auth.KeySigns}, states(t, store))
		require.Equal(t, 1, secrets(t, d))
		keys, err := store.Public(t.Context())
		require.NoError(t, err)
		_, err = tokensOf(auth.FixedKeys(keys)).Verify(t.Context(), old)
		require.True(t, fault.Is(err, fault.TokenInvalid), err)
	})
}

func TestCleanupRemovesKeysInTheirTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := auth.NewKeyStore(d, t.TempDir())
		require.NoError(t, store.Prepare(t.Context()))
		lately := rotate(t, store, -time.Minute)
		before := rotate(t, store, -10*time.Minute)
		longAgo := rotate(t, store, -time.Hour)
		veryLongAgo := rotate(t, store, -2*time.Hour)
		all := states(t, store)
		require.Equal(t, auth.KeyVerifies, all[longAgo.ID])
		require.Equal(t, auth.KeyExpired, all[veryLongAgo.ID])
		require.Equal(t, 5, secrets(t, d))

		require.NoError(t, auth.Cleanup(t.Context(), d))
		all = states(t, store)
		require.Len(t, all, 4, "but the one that has expired")
		require.NotContains(t, all, veryLongAgo.ID)
		require.Equal(t, 3, secrets(t, d), "none can sign with the one before the last two any more")
		rows, err := d.Reader().SigningKey.Query().IDs(t.Context())
		require.NoError(t, err)
		require.Subset(t, rows, []string{lately.ID, before.ID})
	})
}

// The release before knows one table only.
func TestKeysOfTheReleaseBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		private := newKey(t)
		der, err := x509.MarshalPKCS8PrivateKey(private)
		require.NoError(t, err)
		keys, err := auth.ParseKeys(privatePEM(t, private))
		require.NoError(t, err)
		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.SigningKey.Create().SetID(keys.SignerID()).SetPrivateKey(der).
				SetCreateTime(time.Now().UTC().Add(-time.Hour)).Exec(ctx)
		}))
		store := auth.NewKeyStore(d, t.TempDir())
		require.NoError(t, store.Publish(t.Context()))
		require.NoError(t, store.Publish(t.Context()), "twice is fine")
		public, err := store.Public(t.Context())
		require.NoError(t, err)
		_, err = tokensOf(auth.FixedKeys(public)).Verify(t.Context(), signedBy(t, privatePEM(t, private)))
		require.NoError(t, err)
		require.NoError(t, store.Prepare(t.Context()))
		require.Equal(t, map[string]auth.KeyState{keys.SignerID(): auth.KeySigns}, states(t, store))
	})
}

func TestKeyFileMovesIntoTheDatabase(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	dir := t.TempDir()
	path := filepath.Join(dir, "signing-key.pem")
	require.NoError(t, os.WriteFile(path, []byte("half a k"), 0o600))
	store := auth.NewKeyStore(d, dir)
	require.ErrorContains(t, store.Prepare(t.Context()), "signing-key.pem", "a broken key is reported, never replaced")

	text := privatePEM(t, newKey(t))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, store.Prepare(t.Context()))
	require.NoFileExists(t, path, "a secret is in one place")
	require.Equal(t, map[string]auth.KeyState{kid(t, signedBy(t, text)): auth.KeySigns}, states(t, store))
}

func TestPublicKeyThatIsNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.VerificationKey.Create().SetID("x").SetPublicKey([]byte("short")).SetSignTime(time.Now()).Exec(ctx)
		}))
		_, err := auth.NewKeyStore(d, t.TempDir()).Public(t.Context())
		require.ErrorContains(t, err, "public key x")
		require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("short")))
	})
}
