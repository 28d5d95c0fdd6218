package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// errKeys is returned for PEM without usable keys. It does not contain the input.
var errKeys = errors.New(`auth: signing keys must be PEM blocks "PRIVATE KEY" (PKCS #8) or "PUBLIC KEY", Ed25519 only`)

// Keys is an immutable set of Ed25519 keys of access tokens: at most one signs, all verify, so that keys can
// be rotated while tokens of the previous key are still valid. See KeyRing for the current set.
type Keys struct {
	list []tokenKey // the first one with a private key and from <= now signs
}

type tokenKey struct {
	id      string // kid
	public  ed25519.PublicKey
	private ed25519.PrivateKey // nil if the key only verifies here
	// The key signs after from and verifies before until. Zero means no limit.
	from, until time.Time
}

// GenerateKeys returns a set with one new key.
func GenerateKeys() (*Keys, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("generate signing key: %w", err)
	}
	return &Keys{list: []tokenKey{privateKey(private)}}, nil
}

// ParseKeys parses keys from PEM. The first private key signs; all keys, private or public, verify. Line
// breaks may be written as "\n", as in environment files. Returns an error that does not contain the input if
// there is no block, or one of another type.
func ParseKeys(text string) (*Keys, error) {
	keys := &Keys{}
	rest := []byte(strings.TrimSpace(strings.ReplaceAll(text, `\n`, "\n")))
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errKeys
		}
		k, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		keys.add(k)
	}
	if len(keys.list) == 0 {
		return nil, errKeys
	}
	return keys, nil
}

// add adds a key. A private key replaces its public half.
func (k *Keys) add(added tokenKey) {
	same := func(other tokenKey) bool { return other.id == added.id }
	if i := slices.IndexFunc(k.list, same); i >= 0 {
		if added.private == nil || k.list[i].private != nil {
			return
		}
		k.list = slices.Delete(k.list, i, i+1)
	}
	k.list = append(k.list, added)
}

func parseBlock(block *pem.Block) (tokenKey, error) {
	switch block.Type {
	case privateBlock:
		return parsePrivate(block.Bytes)
	case publicBlock:
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if public, ok := parsed.(ed25519.PublicKey); ok && err == nil {
			return publicKey(public), nil
		}
	}
	return tokenKey{}, errKeys
}

// parsePrivate parses a private key in PKCS #8.
func parsePrivate(der []byte) (tokenKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if private, ok := parsed.(ed25519.PrivateKey); ok && err == nil {
		return privateKey(private), nil
	}
	return tokenKey{}, errKeys
}

func privateKey(private ed25519.PrivateKey) tokenKey {
	k := publicKey(private.Public().(ed25519.PublicKey)) //nolint:errcheck,forcetypeassert // documented by Public
	k.private = private
	return k
}

func publicKey(public ed25519.PublicKey) tokenKey {
	return tokenKey{id: thumbprint(public), public: public}
}

// Public returns the public halves: a verify-only set.
func (k *Keys) Public() *Keys {
	public := &Keys{}
	for _, key := range k.list {
		key.private = nil
		public.list = append(public.list, key)
	}
	return public
}

// SignerID returns the kid of the current signing key, or "" if the set is verify-only.
func (k *Keys) SignerID() string {
	signer, _ := k.signer(time.Now())
	return signer.id
}

// signer returns the current signing key: the latest that signs, or else the next one. A key may be from the future
// because the clock of its machine was wrong, or the database's was; tokens are worth more than the right moment.
func (k *Keys) signer(now time.Time) (next tokenKey, ok bool) {
	for _, key := range k.list {
		if key.private == nil {
			continue
		}
		next, ok = key, true
		if !key.from.After(now) {
			break
		}
	}
	return next, ok
}

// verifier returns the public key with an id, unless it has expired.
func (k *Keys) verifier(id string, now time.Time) (ed25519.PublicKey, bool) {
	for _, key := range k.list {
		if key.id == id && key.verifies(now) {
			return key.public, true
		}
	}
	return nil, false
}

// ids returns the kid of every key.
func (k *Keys) ids() []string {
	ids := make([]string, len(k.list))
	for i, key := range k.list {
		ids[i] = key.id
	}
	return ids
}

// verifies reports whether the key has not expired.
func (k tokenKey) verifies(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

// thumbprint returns the kid of a key: its JWK thumbprint (RFC 7638).
func thumbprint(public ed25519.PublicKey) string {
	jwk := `{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	sum := sha256.Sum256([]byte(jwk))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
