// Package authenticator is a WebAuthn authenticator in software, together with the browser in front of it, for tests.
// Its fields can make it misbehave.
package authenticator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// Authenticator holds the passkeys of one person.
type Authenticator struct {
	// Origin is the origin of the page that asks.
	Origin string
	// RPID replaces the RP ID of the options, as a page of another site would.
	RPID string
	// Unverified leaves out the verification of the person, as a security key without a PIN.
	Unverified bool
	// Counter is the signature counter. It increases with every signature.
	Counter uint32

	keys []key
}

type key struct {
	id      []byte
	handle  []byte
	private *ecdsa.PrivateKey
}

// Flags of authenticator data.
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
	attestedData = 1 << 6
)

// New returns an authenticator for pages of an origin.
func New(origin string) *Authenticator { return &Authenticator{Origin: origin} }

// Copy returns an authenticator with the same passkeys and counter.
func (a *Authenticator) Copy() *Authenticator {
	c := *a
	return &c
}

// options are the parts of both kinds of options that matter.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Allow []struct {
		ID string `json:"id"`
	} `json:"allowCredentials"`
}

// Create answers PublicKeyCredentialCreationOptionsJSON with a RegistrationResponseJSON.
func (a *Authenticator) Create(t *testing.T, optionsJSON string) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	made := key{id: random(), handle: decode(t, parse(t, optionsJSON).User.ID), private: private}
	a.keys = append(a.keys, made)
	return a.attest(t, made, optionsJSON)
}

// Again is Create with the first passkey instead of a new one.
func (a *Authenticator) Again(t *testing.T, optionsJSON string) string {
	t.Helper()
	require.NotEmpty(t, a.keys, "the authenticator has no passkey")
	return a.attest(t, a.keys[0], optionsJSON)
}

func (a *Authenticator) attest(t *testing.T, made key, optionsJSON string) string {
	t.Helper()
	o := parse(t, optionsJSON)
	data := a.data(o.RP.ID, attestedData)
	data = append(data, make([]byte, 16)...) // AAGUID: none
	data = binary.BigEndian.AppendUint16(data, uint16(len(made.id)))
	data = append(append(data, made.id...), publicKey(t, made.private)...)
	object := encodeCBOR(t, map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	return a.respond(t, made.id, map[string]any{
		"clientDataJSON":    encode(a.clientData(t, "webauthn.create", o.Challenge)),
		"attestationObject": encode(object),
		"transports":        []string{"internal"},
	})
}

// Get answers PublicKeyCredentialRequestOptionsJSON with an AuthenticationResponseJSON. It uses a passkey that the
// options allow, or else its first one, as no browser would.
func (a *Authenticator) Get(t *testing.T, optionsJSON string) string {
	t.Helper()
	o := parse(t, optionsJSON)
	require.NotEmpty(t, a.keys, "the authenticator has no passkey")
	used := a.keys[0]
	for _, allowed := range o.Allow {
		for _, k := range a.keys {
			if bytes.Equal(k.id, decode(t, allowed.ID)) {
				used = k
			}
		}
	}
	a.Counter++
	data := a.data(o.RPID, 0)
	client := a.clientData(t, "webauthn.get", o.Challenge)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, used.private, signed[:])
	require.NoError(t, err)
	return a.respond(t, used.id, map[string]any{
		"clientDataJSON":    encode(client),
		"authenticatorData": encode(data),
		"signature":         encode(signature),
		"userHandle":        encode(used.handle),
	})
}

// data returns authenticator data.
func (a *Authenticator) data(rpID string, flags byte) []byte {
	if a.RPID != "" {
		rpID = a.RPID
	}
	flags |= userPresent
	if !a.Unverified {
		flags |= userVerified
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.Counter)
}

func (a *Authenticator) clientData(t *testing.T, ceremony, challenge string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{
		"type": ceremony, "challenge": challenge, "origin": a.Origin, "crossOrigin": false,
	})
	require.NoError(t, err)
	return data
}

func (a *Authenticator) respond(t *testing.T, id []byte, response map[string]any) string {
	t.Helper()
	answer, err := json.Marshal(map[string]any{
		"id": encode(id), "rawId": encode(id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	require.NoError(t, err)
	return string(answer)
}

// publicKey returns a COSE key (RFC 9053) for ES256.
func publicKey(t *testing.T, private *ecdsa.PrivateKey) []byte {
	t.Helper()
	point, err := private.PublicKey.Bytes() // 4, x, y
	require.NoError(t, err)
	return encodeCBOR(t, map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
}

func encodeCBOR(t *testing.T, value any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	require.NoError(t, err)
	encoded, err := mode.Marshal(value)
	require.NoError(t, err)
	return encoded
}

func parse(t *testing.T, optionsJSON string) options {
	t.Helper()
	var o options
	require.NoError(t, json.Unmarshal([]byte(optionsJSON), &o))
	require.NotEmpty(t, o.Challenge)
	return o
}

func random() []byte {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never returns an error
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}
