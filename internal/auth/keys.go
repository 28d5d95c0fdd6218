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

// errKeys is returned for PEM that holds no usable keys. It does not repeat what it was given.
var errKeys = errors.New(`auth: signing keys must be PEM blocks "PRIVATE KEY" (PKCS #8) or "PUBLIC KEY", Ed25519 only`)

// Keys are the Ed25519 keys of access tokens: one that signs, unless the set only verifies, and any
// number that verify, so that one key can follow another while tokens of the former are still about.
// They never change: see KeyRing.
type Keys struct {
	list []tokenKey // what stands further in front signs, once its time has come
}

type tokenKey struct {
	id      string // kid
	public  ed25519.PublicKey
	private ed25519.PrivateKey // nil if the key only verifies here
	// from is when the key begins to sign, until when it ends to verify. Zero sets no limit.
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

// ParseKeys reads keys from PEM. The first private key signs; it and every other key, private or
// public, verify. A set of public keys only verifies. Line breaks may be written as "\n", as in
// environment files. Returns an error that does not show the input if a block is anything else, or
// if there is none.
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

// add adds a key, of which there may be the public half already.
func (k *Keys) add(one tokenKey) {
	same := func(other tokenKey) bool { return other.id == one.id }
	if i := slices.IndexFunc(k.list, same); i >= 0 {
		if one.private == nil || k.list[i].private != nil {
			return
		}
		k.list = slices.Delete(k.list, i, i+1)
	}
	k.list = append(k.list, one)
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

// parsePrivate reads a private key in PKCS #8.
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

// Public returns the same keys without the secrets: the set verifies and cannot sign.
func (k *Keys) Public() *Keys {
	public := &Keys{}
	for _, one := range k.list {
		one.private = nil
		public.list = append(public.list, one)
	}
	return public
}

// SignerID returns the kid of the key that signs now, or "" if the set only verifies.
func (k *Keys) SignerID() string {
	signer, _ := k.signer(time.Now())
	return signer.id
}

// signer returns the key that signs.
func (k *Keys) signer(now time.Time) (tokenKey, bool) {
	for _, one := range k.list {
		if one.private != nil && !one.from.After(now) {
			return one, true
		}
	}
	return tokenKey{}, false
}

// verifier returns the public key with an id, if it verifies.
func (k *Keys) verifier(id string, now time.Time) (ed25519.PublicKey, bool) {
	for _, one := range k.list {
		if one.id == id && one.verifies(now) {
			return one.public, true
		}
	}
	return nil, false
}

// ids returns the kid of every key.
func (k *Keys) ids() []string {
	ids := make([]string, len(k.list))
	for i, one := range k.list {
		ids[i] = one.id
	}
	return ids
}

// verifies reports whether tokens of the key are still good.
func (k tokenKey) verifies(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

// thumbprint returns the kid of a key: its JWK thumbprint by RFC 7638.
func thumbprint(public ed25519.PublicKey) string {
	jwk := `{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	sum := sha256.Sum256([]byte(jwk))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
