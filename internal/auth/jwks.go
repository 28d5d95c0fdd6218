package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// jwksMaxAge is how long others may keep the set of keys. A key is published for longer before it signs.
const jwksMaxAge = 5 * time.Minute

// jwk is a public key as RFC 8037 writes it.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS answers with every key that verifies, as a JSON Web Key Set (RFC 7517). It reads nothing for it.
func (r *KeyRing) JWKS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		keys := []jwk{}
		now := time.Now()
		for _, one := range r.current.Load().keys.list {
			if one.verifies(now) {
				keys = append(keys, jwk{
					Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(one.public),
					ID: one.id, Use: "sig", Algorithm: jwt.SigningMethodEdDSA.Alg(),
				})
			}
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(jwksMaxAge.Seconds())))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys}) // fails only if nobody reads
	})
}
