package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
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

// The key of RFC 8037, appendix A.
const exampleSeed = "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4" +
	"\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60"

func TestJWKS(t *testing.T) {
	private := ed25519.NewKeyFromSeed([]byte(exampleSeed))
	keys, err := auth.ParseKeys(publicPEM(t, private.Public()) + privatePEM(t, private)) // one key, twice
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", keys.SignerID())
	for _, set := range []*auth.Keys{keys, keys.Public()} {
		w := httptest.NewRecorder()
		auth.FixedKeys(set).JWKS().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "application/jwk-set+json", w.Header().Get("Content-Type"))
		require.Equal(t, "public, max-age=300", w.Header().Get("Cache-Control"))
		require.JSONEq(t, `{"keys": [{
			"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
			"kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "EdDSA"
		}]}`, w.Body.String(), "nothing secret is in it")
	}
}

func TestParseKeys(t *testing.T) {
	oldKey, newerKey := newKey(t), newKey(t)
	claims := auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}
	issued := func(pemText string) string {
		keys, err := auth.ParseKeys(pemText)
		require.NoError(t, err)
		token, _, err := auth.NewTokens(auth.FixedKeys(keys), "https://catalog.test", "catalog").Issue(claims, time.Now())
		require.NoError(t, err)
		return token
	}
	both := privatePEM(t, newerKey) + publicPEM(t, oldKey.Public())
	keys, err := auth.ParseKeys(strings.ReplaceAll(both, "\n", `\n`))
	require.NoError(t, err, "line breaks may be escaped")
	for _, set := range []*auth.Keys{keys, keys.Public()} {
		tokens := auth.NewTokens(auth.FixedKeys(set), "https://catalog.test", "catalog")
		for _, token := range []string{issued(privatePEM(t, oldKey)), issued(both)} {
			got, err := tokens.Verify(t.Context(), token)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(auth.AccessTokenLifetime), got.ExpireTime, time.Minute)
			got.ExpireTime = time.Time{}
			require.Equal(t, claims, got)
		}
	}
	_, _, err = auth.NewTokens(auth.FixedKeys(keys.Public()), "https://catalog.test", "catalog").Issue(claims, time.Now())
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
