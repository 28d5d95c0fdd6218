package auth

import (
	"hash/crc32"
	"strings"

	"github.com/zebrands/catalog/internal/fault"
)

// The format of API keys: "zck_", 32 random characters, and 6 of a checksum. The prefix and the checksum let secret
// scanners recognize a key, and a mistyped one is refused without the database.
const (
	apiKeyPrefix = "zck_"
	// apiKeyRandom is the number of random characters: 190 bits.
	apiKeyRandom = 32
	// apiKeyChecksum is the number of characters of the checksum, the CRC-32 (IEEE) of the random ones.
	apiKeyChecksum = 6
	// apiKeyShown is the length of the part that is stored to recognize a key. It leaves 166 random bits.
	apiKeyShown = len(apiKeyPrefix) + 4

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// errAPIKeyInvalid is the answer to every key that does not work, so that it tells nothing about the others.
var errAPIKeyInvalid = fault.New(fault.Unauthenticated, fault.APIKeyInvalid,
	"The API key does not work: it is unknown, has expired or was revoked, or its creator is disabled.")

// APIKeySecret is a new API key.
type APIKeySecret struct {
	// Text is the key itself. It is not stored.
	Text string
	// Digest and Prefix are stored: what finds the key, and its first characters, for people.
	Digest, Prefix string
}

// NewAPIKey returns a random key.
func NewAPIKey() APIKeySecret {
	random := randomBase62(apiKeyRandom)
	text := apiKeyPrefix + random + checksum(random)
	return APIKeySecret{Text: text, Digest: digest(text), Prefix: text[:apiKeyShown]}
}

// keyOf is between the names of a key and of its creator in that of an actor.
const keyOf = " (key of "

// keyActor returns the name under which a key acts, such as "erp (key of Ana)".
func keyActor(key, creator string) string { return key + keyOf + creator + ")" }

// RenameCreator returns the name under which a key acts, with another name of its creator.
func RenameCreator(actor, creator string) string {
	i := strings.LastIndex(actor, keyOf)
	if i < 0 {
		return creator
	}
	return keyActor(actor[:i], creator)
}

// isAPIKey reports whether a bearer token is meant to be an API key. No access token begins like one.
func isAPIKey(token string) bool { return strings.HasPrefix(token, apiKeyPrefix) }

// wellFormed reports whether a key has the right length and checksum.
func wellFormed(key string) bool {
	rest, ok := strings.CutPrefix(key, apiKeyPrefix)
	return ok && len(rest) == apiKeyRandom+apiKeyChecksum && checksum(rest[:apiKeyRandom]) == rest[apiKeyRandom:]
}

// randomBase62 returns n random characters, each equally likely.
func randomBase62(n int) string {
	const fair = 256 - 256%len(base62) // of a byte, the values from here on would favor the first characters
	text := make([]byte, 0, n)
	for len(text) < n {
		for _, b := range randomBytes(n) {
			if int(b) < fair && len(text) < n {
				text = append(text, base62[int(b)%len(base62)])
			}
		}
	}
	return string(text)
}

func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var digits [apiKeyChecksum]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = base62[sum%uint32(len(base62))]
		sum /= uint32(len(base62))
	}
	return string(digits[:])
}
