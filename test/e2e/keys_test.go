package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// keys runs one of the commands for keys and returns what it prints.
func (s *server) keys(t *testing.T, args ...string) string {
	t.Helper()
	output, err := s.process.Command(t.Context(), append([]string{"keys"}, args...)...).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(output))
}

// published returns the ids of the keys that a server publishes.
func (s *server) published(t *testing.T) []string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/.well-known/jwks.json", http.NoBody)
	require.NoError(t, err)
	resp, err := http1.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	require.NoError(t, json.Unmarshal(body, &set), "%s", body)
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.ID)
	}
	return ids
}

func keyOf(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	require.NoError(t, err)
	return parsed.Header["kid"].(string)
}

// TestKeyRotationSignsNobodyOut rotates the key while an administrator works with a token from before and
// others sign in, at processes that run on: on PostgreSQL one that signs, and one that has nothing but
// public keys.
func TestKeyRotationSignsNobodyOut(t *testing.T) {
	t.Parallel() // it waits more than it works
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			database := dbtest.URL(t, dialect)
			if dialect == "sqlite" {
				both := prepareOn(t, database, 1)
				both.start(t)
				rotateWhileWorking(t, both, both)
				return
			}
			signs := prepareOn(t, database, 1, "CATALOG_ROLES=admin,notification,tracking")
			checks := prepareOn(t, database, 0, "CATALOG_ROLES=product")
			checks.start(t) // before there is a key
			signs.start(t)
			rotateWhileWorking(t, signs, checks)
		})
	}
}

func rotateWhileWorking(t *testing.T, signs, checks *server) {
	t.Helper()
	rpc := protocols()[0]
	signIn := func() object {
		return signs.must(t, "", "AuthService/SignIn", object{"email": accounts[0].email, "password": accounts[0].password})
	}
	works := func(token string) error {
		if err := callWith(t, rpc, checks, "ProductService/ListProductChanges", token); err != nil {
			return err
		}
		return callWith(t, rpc, signs, "AuthService/GetCurrentAdmin", token)
	}
	before := signIn()
	old := before["accessToken"].(string)
	require.NoError(t, works(old))

	stop := make(chan struct{})
	var working sync.WaitGroup
	working.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := works(old); err != nil {
					t.Error("signed out:", err)
					return
				}
			}
		}
	})
	next := signs.keys(t, "rotate", "--sign-after=2s")
	for _, s := range []*server{signs, checks} {
		wait.For(t, func() bool { return len(s.published(t)) == 2 }, "published")
		require.ElementsMatch(t, []string{keyOf(t, old), next}, s.published(t))
	}
	var renewed string
	wait.For(t, func() bool {
		renewed = signIn()["accessToken"].(string)
		require.NoError(t, works(renewed), "whoever signs in is known everywhere at once")
		return keyOf(t, renewed) == next
	}, "the new key signs")
	require.Contains(t, signs.keys(t, "list"), next+"  signs")
	require.Contains(t, signs.keys(t, "list"), keyOf(t, old)+"  verifies")
	// At once: nobody but the server that signs has seen this key.
	another := signs.keys(t, "rotate", "--sign-after=0s")
	wait.For(t, func() bool {
		renewed = signIn()["accessToken"].(string)
		require.NoError(t, works(renewed))
		return keyOf(t, renewed) == another
	})
	close(stop)
	working.Wait()

	signs.keys(t, "retire", "--", keyOf(t, old))
	for rpc, s := range map[string]*server{"AuthService/GetCurrentAdmin": signs, "ProductService/ListProductChanges": checks} {
		wait.For(t, func() bool {
			err := callWith(t, protocols()[0], s, rpc, old)
			return (&wantError{Code: "unauthenticated", Reason: "TOKEN_INVALID"}).check(t, nil, err) == nil
		}, "the token of a retired key is refused")
	}
	require.NoError(t, works(renewed))
	refreshed := signs.must(t, "", "AuthService/RefreshSession", object{"refreshToken": before["refreshToken"]})
	require.NoError(t, works(refreshed["accessToken"].(string)), "the session itself goes on")
}
