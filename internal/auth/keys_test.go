package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/db/dbtest"
)

func privatePEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	return key
}

func TestSignerIDIsTheThumbprint(t *testing.T) {
	// RFC 8037, appendix A.3.
	seed := []byte("\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4" +
		"\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60")
	keys, err := auth.ParseKeys(privatePEM(t, ed25519.NewKeyFromSeed(seed)))
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", keys.SignerID())
}

func TestParseKeys(t *testing.T) {
	oldKey, newerKey := newKey(t), newKey(t)
	claims := auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}
	issued := func(pemText string) string {
		keys, err := auth.ParseKeys(pemText)
		require.NoError(t, err)
		token, _, err := auth.NewTokens(keys, "https://catalog.test", "catalog").Issue(claims, time.Now())
		require.NoError(t, err)
		return token
	}
	both := privatePEM(t, newerKey) + publicPEM(t, oldKey.Public())
	keys, err := auth.ParseKeys(strings.ReplaceAll(both, "\n", `\n`))
	require.NoError(t, err, "line breaks may be escaped")
	for _, set := range []*auth.Keys{keys, keys.Public()} {
		tokens := auth.NewTokens(set, "https://catalog.test", "catalog")
		for _, token := range []string{issued(privatePEM(t, oldKey)), issued(both)} {
			got, err := tokens.Verify(token)
			require.NoError(t, err)
			require.Equal(t, claims, got)
		}
	}
	_, _, err = auth.NewTokens(keys.Public(), "https://catalog.test", "catalog").Issue(claims, time.Now())
	require.Error(t, err, "a public set cannot sign")
}

func TestParseKeysRefuses(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good := privatePEM(t, newKey(t))
	for name, text := range map[string]string{
		"nothing":            "",
		"no PEM":             "hunter2-secret",
		"another algorithm":  privatePEM(t, p256),
		"another public key": publicPEM(t, p256.Public()),
		"another block":      string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})),
		"broken key":         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})),
		"rubbish behind it":  good + "hunter2-secret",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.ParseKeys(text)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestLoadKeysMakesOneKeyForAllThatStartTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := filepath.Join(t.TempDir(), "data")
		ids := make([]string, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				if keys, err := auth.LoadKeys(t.Context(), d, dir, ""); err == nil {
					ids[i] = keys.SignerID()
				}
			})
		}
		wg.Wait()
		require.NotEmpty(t, ids[0])
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		later, err := auth.LoadKeys(t.Context(), d, dir, "")
		require.NoError(t, err)
		require.Equal(t, ids[0], later.SignerID(), "and keeps it")

		given := privatePEM(t, newKey(t))
		want, err := auth.ParseKeys(given)
		require.NoError(t, err)
		overridden, err := auth.LoadKeys(t.Context(), d, dir, given)
		require.NoError(t, err)
		require.Equal(t, want.SignerID(), overridden.SignerID(), "a key that is given comes first")
	})
}

func TestKeyFile(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	dir := t.TempDir()
	_, err := auth.LoadKeys(t.Context(), d, dir, "")
	require.NoError(t, err)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing temporary is left")
	path := filepath.Join(dir, files[0].Name())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, os.Chmod(path, 0o644))
	_, err = auth.LoadKeys(t.Context(), d, dir, "")
	require.ErrorContains(t, err, "chmod 600")

	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, os.WriteFile(path, []byte("half a k"), 0o600))
	_, err = auth.LoadKeys(t.Context(), d, dir, "")
	require.ErrorContains(t, err, path, "a broken key is reported, never replaced")
}
