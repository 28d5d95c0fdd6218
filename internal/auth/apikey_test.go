package auth_test

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/apikey"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// keyFormat is the regular expression of docs/api-keys.md.
var keyFormat = regexp.MustCompile(`^zck_[0-9A-Za-z]{38}$`)

// keys are API keys that nothing limits.
func keys(d *db.DB) *auth.APIKeys { return limitedKeys(d, auth.APIKeyLimit{Burst: 1}) }

func limitedKeys(d *db.DB, limit auth.APIKeyLimit) *auth.APIKeys {
	return auth.NewAPIKeys(d, slog.New(slog.DiscardHandler), limit)
}

// newKey creates a key of the world's administrator with a session; change changes its row.
func (w *world) newKey(t *testing.T, change func(*ent.APIKeyCreate)) (secret string, key *ent.APIKey) {
	t.Helper()
	s := auth.NewAPIKey()
	w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
		create := tx.APIKey.Create().SetAdminID(w.admin.ID).SetName("erp").SetAccess(apikey.AccessRead).
			SetDigest(s.Digest).SetPrefix(s.Prefix)
		if change != nil {
			change(create)
		}
		var err error
		key, err = create.Save(ctx)
		return err
	})
	return s.Text, key
}

func requireKeyReason(t *testing.T, k *auth.APIKeys, key string, want fault.Reason) {
	t.Helper()
	_, err := k.Authenticate(t.Context(), key)
	require.True(t, fault.Is(err, want), "%v is not %s", err, want)
}

func TestKeysCanBeRecognized(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 1000 {
		key := auth.NewAPIKey()
		require.Regexp(t, keyFormat, key.Text)
		require.True(t, strings.HasPrefix(key.Text, key.Prefix))
		require.Len(t, key.Prefix, 8)
		require.NotContains(t, key.Digest, key.Text)
		require.False(t, seen[key.Text])
		seen[key.Text] = true
		for _, r := range key.Text[4:36] {
			letters[r] = true
		}
	}
	require.Len(t, letters, 62, "every letter and digit occurs")
}

// The example of docs/api-keys.md keeps its checksum: scanners may rely on it.
func TestChecksumOfKeysStaysAsItIs(t *testing.T) {
	w := newWorld(t, dbtest.New(t, "sqlite"))
	require.NoError(t, w.d.Close())
	const documented = "zck_0123456789ABCDEFGHIJKLMNOPQRSTUV1ggZdL"
	_, err := keys(w.d).Authenticate(t.Context(), documented)
	require.Error(t, err)
	require.False(t, fault.Is(err, fault.APIKeyInvalid), "it is well formed, so the database is asked: %v", err)
}

func TestKeyAuthenticates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		secret, key := w.newKey(t, nil)
		got, err := w.auth.WithAPIKeys(keys(d)).Authenticate(t.Context(), secret)
		require.NoError(t, err)
		require.Equal(t, auth.Principal{
			AdminID: w.admin.ID, Key: auth.Key{ID: key.ID, Access: catalogv1.ApiKey_ACCESS_READ}, Name: "erp (key of Ana)",
		}, got)
		require.True(t, got.IsKey())
		require.Equal(t, key.ID, got.ActorID())

		expire := d.Now().Add(time.Hour).Truncate(time.Microsecond)
		secret, _ = w.newKey(t, func(c *ent.APIKeyCreate) { c.SetAccess(apikey.AccessWrite).SetExpireTime(expire) })
		got, err = keys(d).Authenticate(t.Context(), secret)
		require.NoError(t, err)
		require.Equal(t, catalogv1.ApiKey_ACCESS_WRITE, got.Key.Access)
		require.WithinDuration(t, expire, got.ExpireTime, 0)
	})
}

// Nobody learns from the answer why a key does not work, and what is mistyped costs no query.
func TestKeysThatDoNotWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		k := keys(d)
		expired, _ := w.newKey(t, func(c *ent.APIKeyCreate) { c.SetExpireTime(d.Now()) })
		revoked, _ := w.newKey(t, func(c *ent.APIKeyCreate) { c.SetRevokeTime(d.Now()) })
		good, _ := w.newKey(t, nil)
		mistyped := good[:len(good)-1] + map[bool]string{true: "a", false: "b"}[good[len(good)-1] != 'a']
		unknown := auth.NewAPIKey().Text
		answers := map[string]bool{}
		for _, key := range []string{expired, revoked, unknown, mistyped, "zck_", good + "0", good[:20]} {
			_, err := k.Authenticate(t.Context(), key)
			var f *fault.Error
			require.ErrorAs(t, err, &f, key)
			require.Equal(t, fault.APIKeyInvalid, f.Reason)
			require.Equal(t, fault.Unauthenticated, f.Kind)
			answers[f.Message] = true
		}
		require.Len(t, answers, 1)
		w.requireReason(t, good, fault.APIKeyInvalid) // an Authenticator without keys takes none

		for name, change := range map[string]func(*ent.AdminUpdateOne){
			"disabled": func(u *ent.AdminUpdateOne) { u.SetDisabled(true) },
			"deleted":  func(u *ent.AdminUpdateOne) { u.SetDisabled(false).SetDeleteTime(d.Now()) },
		} {
			w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
				update := tx.Admin.UpdateOneID(w.admin.ID)
				change(update)
				return update.Exec(ctx)
			})
			_, err := k.Authenticate(t.Context(), good)
			require.True(t, fault.Is(err, fault.APIKeyInvalid), "%s: %v", name, err)
		}
		require.NoError(t, d.Close())
		requireKeyReason(t, k, mistyped, fault.APIKeyInvalid)
	})
}

func TestRevokedKeyIsRefusedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		secret, key := w.newKey(t, nil)
		k := keys(d)
		_, err := k.Authenticate(t.Context(), secret)
		require.NoError(t, err)
		for _, first := range []bool{true, false} {
			w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
				_, revoked, err := auth.RevokeAPIKey(ctx, tx, key.ID)
				require.Equal(t, first, revoked)
				return err
			})
			requireKeyReason(t, k, secret, fault.APIKeyInvalid)
		}
	})
}

// A key over its limit waits, and costs no query; other keys do not notice.
func TestCallsOfAKeyAreLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const burst = 3
		k := limitedKeys(d, auth.APIKeyLimit{Rate: 0.001, Burst: burst})
		busy, _ := w.newKey(t, nil)
		other, _ := w.newKey(t, nil)
		for range burst {
			_, err := k.Authenticate(t.Context(), busy)
			require.NoError(t, err)
		}
		for range burst {
			_, err := k.Authenticate(t.Context(), busy)
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, fault.RateLimited, f.Reason)
			require.Equal(t, fault.Throttled, f.Kind)
			require.Greater(t, f.RetryAfter, time.Minute)
			require.LessOrEqual(t, f.RetryAfter, 1000*time.Second, "refused calls do not count")
		}
		_, err := k.Authenticate(t.Context(), other)
		require.NoError(t, err)
		require.NoError(t, d.Close())
		requireKeyReason(t, k, busy, fault.RateLimited)
	})
}

func TestKeysWithoutALimit(t *testing.T) {
	w := newWorld(t, dbtest.New(t, "sqlite"))
	secret, _ := w.newKey(t, nil)
	k := keys(w.d)
	for range 20 {
		_, err := k.Authenticate(t.Context(), secret)
		require.NoError(t, err)
	}
}

// The last use is written in the background, once a minute, by all processes together.
func TestLastUseOfAKeyIsRecorded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		secret, key := w.newKey(t, nil)
		used := func() *time.Time { return d.Reader().APIKey.GetX(t.Context(), key.ID).LastUseTime }
		use := func(k *auth.APIKeys) {
			for range 5 {
				_, err := k.Authenticate(t.Context(), secret)
				require.NoError(t, err)
			}
		}
		finish := func(k *auth.APIKeys) { // Run records what waits before it returns
			over, cancel := context.WithCancel(t.Context())
			cancel()
			k.Run(over)
		}
		first, second := keys(d), keys(d)
		use(first)
		require.Nil(t, used(), "calls do not write")
		finish(first)
		once := used()
		require.NotNil(t, once)
		require.WithinDuration(t, d.Now(), *once, time.Minute)
		use(first)
		use(second)
		finish(first)
		finish(second)
		require.Equal(t, once, used())

		long := d.Now().Add(-61 * time.Second)
		w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
			return tx.APIKey.UpdateOneID(key.ID).SetLastUseTime(long).Exec(ctx)
		})
		use(second)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			second.Run(ctx)
		}()
		wait.For(t, func() bool { return used().After(long.Add(time.Second)) }, "the use is recorded")
		stop()
		<-done
	})
}

func TestGuardEndsCallsWithTheirKey(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, tx *ent.Tx, w *world, key *ent.APIKey) error{
		"the key is revoked": func(ctx context.Context, tx *ent.Tx, _ *world, key *ent.APIKey) error {
			_, _, err := auth.RevokeAPIKey(ctx, tx, key.ID)
			return err
		},
		"the creator is disabled": func(ctx context.Context, tx *ent.Tx, w *world, _ *ent.APIKey) error {
			return tx.Admin.UpdateOneID(w.admin.ID).SetDisabled(true).Exec(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				require.NoError(t, d.Watch(t.Context()))
				w.auth.WithAPIKeys(keys(d))
				g := auth.NewGuard(d)
				secret, key := w.newKey(t, nil)
				other := auth.Grant{AccessToken: secret}
				call := w.hold(t, g, other)
				w.tx(t, func(ctx context.Context, tx *ent.Tx) error { return end(ctx, tx, w, key) })
				requireEnd(t, call, fault.APIKeyInvalid)
			})
		})
	}
}

func TestGuardEndsCallsOfExpiredKeysOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.auth.WithAPIKeys(keys(d))
		g := auth.NewGuard(d)
		endless, _ := w.newKey(t, nil)
		secret, _ := w.newKey(t, func(c *ent.APIKeyCreate) { c.SetExpireTime(d.Now().Add(wait.Patience)) })
		calls := []context.Context{
			w.hold(t, g, w.grant), w.hold(t, g, auth.Grant{AccessToken: endless}), w.hold(t, g, auth.Grant{AccessToken: secret}),
		}
		p, err := w.auth.Authenticate(t.Context(), secret)
		require.NoError(t, err)
		p.ExpireTime = d.Now()
		expired, release := g.Hold(t.Context(), p)
		defer release()
		requireEnd(t, expired, fault.APIKeyInvalid)
		for _, call := range calls {
			require.NoError(t, call.Err())
		}
	})
}
