package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// errKeys is returned for PEM that holds no usable keys. It does not repeat what it was given.
var errKeys = errors.New(`auth: signing keys must be PEM blocks "PRIVATE KEY" (PKCS #8) or "PUBLIC KEY", Ed25519 only`)

// Keys are the Ed25519 keys of access tokens: at most one that signs, any number that verify, so that
// one key can follow another while tokens of the former are still about.
type Keys struct {
	signerID string
	signer   ed25519.PrivateKey // nil in a set that only verifies
	public   map[string]ed25519.PublicKey
}

// GenerateKeys returns a set with one new key.
func GenerateKeys() (*Keys, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("generate signing key: %w", err)
	}
	keys := &Keys{public: map[string]ed25519.PublicKey{}}
	keys.add(private)
	return keys, nil
}

// ParseKeys reads keys from PEM. The first private key signs; it and every other key, private or
// public, verify. A set of public keys only verifies. Line breaks may be written as "\n", as in
// environment files. Returns an error that does not show the input if a block is anything else, or
// if there is none.
func ParseKeys(text string) (*Keys, error) {
	keys := &Keys{public: map[string]ed25519.PublicKey{}}
	rest := []byte(strings.TrimSpace(strings.ReplaceAll(text, `\n`, "\n")))
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errKeys
		}
		if err := keys.addBlock(block); err != nil {
			return nil, err
		}
	}
	if len(keys.public) == 0 {
		return nil, errKeys
	}
	return keys, nil
}

// Public returns the same keys without the secret: the set verifies and cannot sign.
func (k *Keys) Public() *Keys { return &Keys{public: k.public} }

// SignerID returns the kid of the key that signs, or "" if the set only verifies.
func (k *Keys) SignerID() string { return k.signerID }

func (k *Keys) addBlock(block *pem.Block) error {
	switch block.Type {
	case privateBlock:
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if private, ok := key.(ed25519.PrivateKey); ok && err == nil {
			k.add(private)
			return nil
		}
	case publicBlock:
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if public, ok := key.(ed25519.PublicKey); ok && err == nil {
			k.public[thumbprint(public)] = public
			return nil
		}
	}
	return errKeys
}

func (k *Keys) add(private ed25519.PrivateKey) {
	public := private.Public().(ed25519.PublicKey) //nolint:errcheck,forcetypeassert // documented by Public
	id := thumbprint(public)
	k.public[id] = public
	if k.signer == nil {
		k.signer, k.signerID = private, id
	}
}

// privatePKCS8 returns the signing key as PKCS #8.
func (k *Keys) privatePKCS8() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, fmt.Errorf("encode signing key: %w", err)
	}
	return der, nil
}

// thumbprint returns the kid of a key: its JWK thumbprint by RFC 7638.
func thumbprint(key ed25519.PublicKey) string {
	jwk := `{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(key) + `"}`
	sum := sha256.Sum256([]byte(jwk))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
