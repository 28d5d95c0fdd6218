package e2e

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/test/dbtest"
)

// TestEveryRPCKeepsItsAccess calls every RPC of the contract anonymously, and with a forged token.
func TestEveryRPCKeepsItsAccess(t *testing.T) {
	s := newServer(t, "sqlite", 1)
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(methods())) {
				access := proto.GetExtension(methods()[name].Options(), catalogv1.E_Access)
				require.NotEqual(t, catalogv1.Access_ACCESS_UNSPECIFIED, access, name)
				if access == catalogv1.Access_ACCESS_ADMIN {
					requireUnauthenticated(t, callWith(t, p, s, name, ""), "TOKEN_REQUIRED")
				}
				requireUnauthenticated(t, callWith(t, p, s, name, "nonsense"), "TOKEN_INVALID")
			}
		})
	}
}

// TestKeysCallWhatTheContractSays calls every RPC of the contract with a key that may read, one that may write, and ones
// that do not work. With an empty request whoever may call gets an answer, or an error about the request.
func TestKeysCallWhatTheContractSays(t *testing.T) {
	s := newServer(t, "sqlite", 1, "CATALOG_API_KEY_RATE=0")
	read, _ := s.createKey(t, "read", "ACCESS_READ")
	write, writeID := s.createKey(t, "write", "ACCESS_WRITE")
	revoked, id := s.createKey(t, "revoked", "ACCESS_WRITE")
	s.revokeKey(t, id)
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			allowed := map[string]int{}
			for _, name := range slices.Sorted(maps.Keys(methods())) {
				may := keyAccess(t, name)
				for key, ok := range map[string]bool{
					read:  may == catalogv1.KeyAccess_KEY_ACCESS_READ,
					write: may == catalogv1.KeyAccess_KEY_ACCESS_READ || may == catalogv1.KeyAccess_KEY_ACCESS_WRITE,
				} {
					err := callWith(t, p, s, name, key)
					if !ok {
						want := &wantError{Code: "permission_denied", Reason: "API_KEY_FORBIDDEN"}
						require.NoError(t, want.check(t, nil, err), name)
						continue
					}
					allowed[key]++
					if err != nil {
						require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "%s: %v", name, err)
					}
				}
				for _, bad := range []string{revoked, "zck_nonsense"} {
					requireUnauthenticated(t, callWith(t, p, s, name, bad), "API_KEY_INVALID")
				}
			}
			require.Positive(t, allowed[read])
			require.Greater(t, allowed[write], allowed[read])
		})
	}
	require.NotContains(t, s.log.String(), write)
	require.Contains(t, s.log.String(), writeID)
}

// keyAccess returns what the contract says about API keys, and requires that it makes sense: what needs a fresh proof, or
// looks after people, is not for keys, and what a read key may call has no side effects.
func keyAccess(t *testing.T, name string) catalogv1.KeyAccess {
	t.Helper()
	method := methods()[name]
	may, ok := proto.GetExtension(method.Options(), catalogv1.E_ApiKey).(catalogv1.KeyAccess)
	require.True(t, ok)
	if may == catalogv1.KeyAccess_KEY_ACCESS_UNSPECIFIED {
		return may
	}
	require.Equal(t, false, proto.GetExtension(method.Options(), catalogv1.E_Reauthentication), name)
	service := method.Parent().Name()
	require.True(t, service == "ProductService" || service == "TrackingService", name)
	safe := idempotency(method) == connect.IdempotencyNoSideEffects || method.IsStreamingServer()
	require.Equal(t, safe, may == catalogv1.KeyAccess_KEY_ACCESS_READ, name)
	return may
}

// createKey creates an API key of the first administrator.
func (s *server) createKey(t *testing.T, name, access string) (secret, id string) {
	t.Helper()
	created := s.must(t, accounts[0].role, "AuthService/CreateApiKey", object{"name": name, "access": access})
	secret, ok := created["secret"].(string)
	require.True(t, ok)
	key, ok := created["apiKey"].(map[string]any)
	require.True(t, ok)
	id, ok = key["id"].(string)
	require.True(t, ok)
	return secret, id
}

func (s *server) revokeKey(t *testing.T, id string) {
	t.Helper()
	s.must(t, accounts[0].role, "AuthService/RevokeApiKey", object{"id": id})
}

// callWith calls an RPC with an empty request and an access token, if there is one.
func callWith(t *testing.T, p protocol, s *server, rpc, token string) error {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	_, err := p.call(t.Context(), s, rpc, header, []byte("{}"))
	return err
}

func requireUnauthenticated(t *testing.T, err error, reason string) {
	t.Helper()
	want := &wantError{Code: "unauthenticated", Reason: reason}
	require.NoError(t, want.check(t, nil, err))
}

// TestTokensThatAreNotOurs takes a good token apart and signs its variations with the server's own key
// where a forger could not.
func TestTokensThatAreNotOurs(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			public, private, err := ed25519.GenerateKey(nil)
			require.NoError(t, err)
			der, err := x509.MarshalPKCS8PrivateKey(private)
			require.NoError(t, err)
			key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
			s := newServer(t, dialect, 1, "CATALOG_SIGNING_KEY="+string(key))
			good := s.token(t, "admin")
			me := func(token string) error {
				return callWith(t, protocols()[0], s, "AuthService/GetCurrentAdmin", token)
			}
			require.NoError(t, me(good))
			require.NoError(t, me(forge(t, good, private, nil)), "signed again as it is")

			_, stranger, err := ed25519.GenerateKey(nil)
			require.NoError(t, err)
			past := time.Now().Add(-time.Hour).Unix()
			for name, token := range map[string]string{
				"another key":      forge(t, good, stranger, nil),
				"alg none":         forge(t, good, jwt.UnsafeAllowNoneSignatureType, nil),
				"HMAC of the key":  forge(t, good, []byte(public), nil),
				"wrong audience":   forge(t, good, private, claims{"aud": "elsewhere"}),
				"no audience":      forge(t, good, private, claims{"aud": nil}),
				"wrong issuer":     forge(t, good, private, claims{"iss": "https://elsewhere.example"}),
				"wrong type":       forge(t, good, private, claims{"typ": "JWT"}),
				"unknown key id":   forge(t, good, private, claims{"kid": "other"}),
				"no expiry":        forge(t, good, private, claims{"exp": nil}),
				"not a UUID":       forge(t, good, private, claims{"sub": "' OR 1=1 --"}),
				"no session":       forge(t, good, private, claims{"sid": nil}),
				"cut signature":    good[:len(good)-8],
				"expired, altered": forge(t, good, stranger, claims{"exp": past}),
				"very long":        good + strings.Repeat("A", 8<<10),
			} {
				t.Run(name, func(t *testing.T) {
					requireUnauthenticated(t, me(token), "TOKEN_INVALID")
				})
			}
			expired := forge(t, good, private, claims{"exp": past, "iat": past - 900})
			requireUnauthenticated(t, me(expired), "TOKEN_EXPIRED")
			nobody := forge(t, good, private, claims{"sub": "0190a0c0-0000-7000-8000-000000000000"})
			requireUnauthenticated(t, me(nobody), "SESSION_ENDED")
			requireUnauthenticated(t, callWith(t, protocols()[0], s, "ProductService/ListProducts", expired),
				"TOKEN_EXPIRED")
		})
	}
}

type claims = map[string]any

// forge signs a token's content anew with some of its claims replaced; nil removes one. "typ" and
// "kid" are in the header.
func forge(t *testing.T, token string, key any, replace claims) string {
	t.Helper()
	content := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(token, content)
	require.NoError(t, err)
	for name, value := range replace {
		target := claims(content)
		if name == "typ" || name == "kid" {
			target = parsed.Header
		}
		if value == nil {
			delete(target, name)
		} else {
			target[name] = value
		}
	}
	var method jwt.SigningMethod = jwt.SigningMethodEdDSA
	switch key.(type) {
	case []byte:
		method = jwt.SigningMethodHS256
	case ed25519.PrivateKey:
	default:
		method = jwt.SigningMethodNone
	}
	parsed.Method = method
	parsed.Header["alg"] = method.Alg()
	signed, err := parsed.SignedString(key)
	require.NoError(t, err)
	return signed
}

// code returns the code of an error, or 0 for success.
func code(err error) connect.Code {
	if err == nil {
		return 0
	}
	return connect.CodeOf(err)
}
