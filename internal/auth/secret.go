package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// secretSize is the number of random bytes in refresh tokens and one-time tokens.
const secretSize = 32

// newSecret returns a random token and its storage id.
func newSecret() (secret, id string) {
	secret = base64.RawURLEncoding.EncodeToString(randomBytes(secretSize))
	return secret, digest(secret)
}

// digest returns the storage id of a token. A plain hash suffices for high-entropy tokens, and looking it up
// leaks nothing through timing.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
