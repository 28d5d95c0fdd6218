package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// jwksMaxAge is how long clients may cache the key set. Keys are published longer than that before they sign.
const jwksMaxAge = 5 * time.Minute

// jwk is a public key in the format of RFC 8037.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS serves all verification keys as a JSON Web Key Set (RFC 7517), from memory.
func (r *KeyRing) JWKS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		keys := []jwk{}
		now := r.clock.Now()
		for _, key := range r.current.Load().keys.list {
			if key.verifies(now) {
				keys = append(keys, jwk{
					Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(key.public),
					ID: key.id, Use: "sig", Algorithm: jwt.SigningMethodEdDSA.Alg(),
				})
			}
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(jwksMaxAge.Seconds())))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys}) // fails only if the client is gone
	})
}
