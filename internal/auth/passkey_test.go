package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

func TestPasskeysNeedADomain(t *testing.T) {
	for url, available := range map[string]bool{
		"https://catalog.example.com":      true,
		"https://catalog.example.com:8443": true,
		"https://catálogo.example/path":    true,
		"http://localhost:8080":            true,
		"http://shop.localhost":            true,
		"https://localhost":                true,
		"http://catalog.example.com":       false,
		"http://127.0.0.1:8080":            false,
		"https://192.0.2.1":                false,
		"https://[2001:db8::1]:8443":       false,
		"https://intranet":                 false,
	} {
		passkeys, err := auth.NewPasskeys(url)
		require.NoError(t, err, url)
		if err := passkeys.Available(); available {
			require.NoError(t, err, url)
		} else {
			require.True(t, fault.Is(err, fault.PasskeysUnavailable), url)
		}
	}
}
