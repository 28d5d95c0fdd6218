package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
)

// TestGuesserBehindAnIngressLocksOutOnlyItself: every request comes from one ingress, whose address is in
// X-Forwarded-For, and which names the caller in a header of its own.
func TestGuesserBehindAnIngressLocksOutOnlyItself(t *testing.T) {
	const attempts = 10 // that one network has for one account
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := newServer(t, dialect, 1,
				"CATALOG_TRUSTED_PROXIES=127.0.0.0/8", "CATALOG_CLIENT_ADDRESS_HEADER=do-connecting-ip")
			for range attempts {
				require.Equal(t, http.StatusUnauthorized, s.signInFrom(t, "203.0.113.66", "a guess"))
			}
			require.Equal(t, http.StatusTooManyRequests, s.signInFrom(t, "203.0.113.66", accounts[0].password))
			require.Equal(t, http.StatusOK, s.signInFrom(t, "203.0.113.7", accounts[0].password))
			// Whoever makes the header unreadable is the ingress itself, whatever X-Forwarded-For says.
			for range attempts {
				require.Equal(t, http.StatusUnauthorized, s.signInFrom(t, "203.0.113.7, 203.0.113.8", "a guess"))
			}
			require.Equal(t, http.StatusTooManyRequests, s.signInFrom(t, "nobody", accounts[0].password))
			require.Equal(t, http.StatusOK, s.signInFrom(t, "203.0.113.7", accounts[0].password))
		})
	}
}

// signInFrom signs the first of accounts in through an ingress that names a client, and returns the status.
func (s *server) signInFrom(t *testing.T, client, password string) int {
	t.Helper()
	body, err := json.Marshal(object{"email": accounts[0].email, "password": password})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/catalog.v1.AuthService/SignIn",
		strings.NewReader(string(body)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Do-Connecting-Ip", client)
	req.Header.Set("X-Forwarded-For", "203.0.113.99, 198.51.100.7")
	resp, err := http1.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	return resp.StatusCode
}
