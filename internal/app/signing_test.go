package app_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
)

func TestSigningKeyFromTheEnvironment(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	open, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, c := range map[string]struct{ key, want string }{
		"private":           {block("PRIVATE KEY", secret), ""},
		"without lines":     {strings.ReplaceAll(block("PRIVATE KEY", secret), "\n", `\n`), ""},
		"only public":       {block("PUBLIC KEY", open), "--signing-key (CATALOG_SIGNING_KEY) must hold a private key"},
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
