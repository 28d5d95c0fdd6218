package app_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/test/dbtest"
)

// pemKey is a key as PEM text.
type pemKey struct{ private, public string }

func newKey(t *testing.T) (der []byte, key pemKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	open, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return secret, pemKey{private: block("PRIVATE KEY", secret), public: block("PUBLIC KEY", open)}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestSigningKeyFromTheEnvironment(t *testing.T) {
	secret, key := newKey(t)
	for name, c := range map[string]struct{ key, want string }{
		"private":           {key.private, ""},
		"without lines":     {strings.ReplaceAll(key.private, "\n", `\n`), ""},
		"only public":       {key.public, "--signing-key (CATALOG_SIGNING_KEY) must hold a private key"},
		"of something else": {block("CERTIFICATE", secret), "--signing-key (CATALOG_SIGNING_KEY): "},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(t)
			cfg.SigningKey = config.Secret(c.key)
			require.NoError(t, cfg.Validate())
			a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard)
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.NoError(t, a.Close())
		})
	}
}

// The secret stays in the environment of one process; the others have its public half.
func TestSigningKeyOutsideOfTheDatabase(t *testing.T) {
	_, first := newKey(t)
	_, second := newKey(t)
	cfg := settings(t)
	cfg.DatabaseURL = config.URL(dbtest.URL(t, "postgres"))
	start := func(roles, key string) *catalog {
		c := cfg
		c.DataDir, c.Roles, c.SigningKey = t.TempDir(), strings.Split(roles, ","), config.Secret(key)
		return boot(t, c)
	}
	works := func(products *catalog, token string) {
		t.Helper()
		status, _, answer := do(t, http.MethodPost, products.URL()+"/catalog.v1.ProductService/ListProductChanges", "{}",
			"Content-Type", "application/json", "Authorization", "Bearer "+token)
		require.Equal(t, http.StatusOK, status, answer)
	}
	admins := start("admin", first.private)
	products := start("product", first.public)
	old := admins.setUp(t)
	works(products, old)

	// Published first, then signing; each process starts again in between.
	products.stop(t)
	products = start("product", first.public+second.public)
	works(products, old)
	admins.stop(t)
	admins = start("admin", second.private+first.public)
	status, _, answer := do(t, http.MethodPost, admins.URL()+"/catalog.v1.AuthService/GetCurrentAdmin", "{}",
		"Content-Type", "application/json", "Authorization", "Bearer "+old)
	require.Equal(t, http.StatusOK, status, answer)
	works(products, old)
	_, answer = post(t, admins.URL()+"/catalog.v1.AuthService/SignIn", `{"email":"ada@example.com","password":"correct horse battery"}`)
	var session struct {
		AccessToken string `json:"accessToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &session))
	works(products, session.AccessToken)
	_, _, set := get(t, products.URL()+"/.well-known/jwks.json")
	require.Equal(t, 2, strings.Count(set, `"kid"`), set)
}
