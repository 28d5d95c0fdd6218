package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
)

// TestTakeover is about a thief who got hold of an administrator's access token: nothing that they can do with it for
// its 15 minutes makes the account theirs, not even while its owner goes on working.
func TestTakeover(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := newServer(t, dialect, 2)
			stolen := s.staleToken(t, accounts[0])
			me := object{"id": s.must(t, "admin", "AuthService/GetCurrentAdmin", nil)["admin"].(object)["id"]}
			other := s.must(t, "second", "AuthService/GetCurrentAdmin", nil)["admin"].(object)["id"]
			attempts := map[string]object{
				"AdminService/UpdateAdmin":         {"admin": object{"id": me["id"], "email": "thief@example.com"}},
				"AdminService/CreateAdmin":         {"admin": object{"email": "thief@example.com", "name": "T"}, "password": "thief horse battery"},
				"AdminService/DeleteAdmin":         {"id": other},
				"AuthService/CreateApiKey":         {"name": "thief", "access": "ACCESS_WRITE"},
				"AuthService/CreatePasskey":        {"credential": "{}"},
				"AuthService/CreateRecoveryCodes":  {},
				"AuthService/UpdateSecurityPolicy": {"securityPolicy": object{}},
			}
			refused := func() {
				for rpc, request := range attempts {
					resp := postAs(t, s, stolen, rpc, request)
					require.Equal(t, http.StatusUnauthorized, resp.status, rpc)
					require.Equal(t, `Bearer error="insufficient_user_authentication", max_age="300"`,
						resp.header.Get("WWW-Authenticate"), rpc)
				}
			}
			refused()

			// The owner proves who they are in the same session. That renews their own token and not the stolen one.
			proof := postAs(t, s, stolen, "AuthService/Reauthenticate", object{"password": accounts[0].password})
			refused()
			resp := postAs(t, s, proof.body["accessToken"].(string), "AdminService/UpdateAdmin",
				object{"admin": object{"id": other, "disabled": true}})
			require.Equal(t, http.StatusOK, resp.status)

			// The thief does not know the password, and cannot guess it.
			throttled := false
			for range 20 {
				resp := postAs(t, s, stolen, "AuthService/Reauthenticate", object{"password": "a thief's guess"})
				require.NotEqual(t, http.StatusOK, resp.status)
				throttled = throttled || resp.status == http.StatusTooManyRequests
			}
			require.True(t, throttled)
			resp = postAs(t, s, stolen, "AuthService/Reauthenticate", object{"password": accounts[0].password})
			require.Equal(t, http.StatusTooManyRequests, resp.status)
		})
	}
}

// posted is the response to an RPC over HTTP.
type posted struct {
	status int
	header http.Header
	body   object
}

// postAs calls an RPC over HTTP, with Connect and JSON.
func postAs(t *testing.T, s *server, token, rpc string, request object) posted {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/catalog.v1."+rpc, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http1.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return posted{status: resp.StatusCode, header: resp.Header, body: decodeObject(t, raw)}
}
