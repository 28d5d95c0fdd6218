package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// secretSize is how many random bytes are in a refresh token or a token that works once.
const secretSize = 32

// newSecret returns a random token and the id under which it is stored.
func newSecret() (secret, id string) {
	secret = base64.RawURLEncoding.EncodeToString(randomBytes(secretSize))
	return secret, digest(secret)
}

// digest returns the id under which a token is stored. A plain hash is enough for what cannot be
// guessed, and looking it up tells nothing about it through timing.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
