package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	saltSize = 16
	hashSize = 32
)

// errHash is returned for a stored hash in another format. It does not contain the hash.
var errHash = errors.New("auth: stored password hash is malformed")

// PasswordParams are the cost parameters of Argon2id.
type PasswordParams struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// recommended are the parameters of the OWASP Password Storage Cheat Sheet.
var recommended = PasswordParams{MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1}

// Passwords hashes and verifies passwords with Argon2id. It bounds concurrent hashing: a flood of sign-ins
// waits instead of exhausting memory, and one from a single network is refused, so that others hardly wait. Share one
// instance.
//
// Passwords are normalized to Unicode form NFKC (NIST SP 800-63B), so that "é" and "ﬁ" are the same from every
// keyboard. They are not trimmed and are case-sensitive. Hashes from before are of form NFC: Verify takes both, and
// Renew replaces the old ones.
type Passwords struct {
	params PasswordParams
	slots  chan struct{}
	decoy  string
	hashed atomic.Uint64

	mu sync.Mutex
	// pending counts the calls that hash or wait to, by network.
	pending map[string]int
}

// NewPasswords returns Passwords with OWASP's recommended parameters and one concurrent hash per processor.
func NewPasswords() *Passwords {
	return NewPasswordsWith(recommended, runtime.GOMAXPROCS(0))
}

// NewPasswordsWith returns Passwords with other parameters for new hashes and at most concurrent hashes at a
// time.
func NewPasswordsWith(params PasswordParams, concurrent int) *Passwords {
	return &Passwords{
		params: params,
		slots:  make(chan struct{}, concurrent),
		decoy:  encodeHash(params, randomBytes(saltSize), randomBytes(hashSize)),

		pending: map[string]int{},
	}
}

// maxPending bounds the hashes of one network that are computed or wait. Each takes some 30 ms.
const maxPending = 32

// Hash returns the hash to store, in PHC string format. Returns the context's error if it is done first, and
// SIGN_IN_THROTTLED if too many hashes of the same network wait.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := randomBytes(saltSize)
	key, err := p.compute(ctx, norm.NFKC.String(password), salt, p.params, hashSize, nil)
	if err != nil {
		return "", err
	}
	return encodeHash(p.params, salt, key), nil
}

// Verify reports whether password matches hash. An empty hash never matches but takes as long as any other,
// so that timing does not reveal whether an account exists. A password with compatibility characters takes up to two
// hashes: see forms. allowed is called when it is the call's turn: its error is
// returned at once. nil allows every call.
//
// Returns the context's error if it is done first, SIGN_IN_THROTTLED if too many hashes of the same network wait, and
// an error if hash is malformed.
func (p *Passwords) Verify(
	ctx context.Context, hash, password string, allowed func(ctx context.Context) error,
) (bool, error) {
	stored := hash
	if hash == "" {
		stored = p.decoy
	}
	params, salt, want, err := decodeHash(stored)
	if err != nil {
		return false, err
	}
	size := uint32(len(want)) //nolint:gosec // decodeHash bounds it
	for _, form := range forms(password) {
		got, err := p.compute(ctx, form, salt, params, size, allowed)
		if err != nil {
			return false, err
		}
		if subtle.ConstantTimeCompare(got, want) == 1 {
			return hash != "", nil
		}
	}
	return false, nil
}

// Renew returns a new hash of a password that Verify found to match hash, if that is not of today's form; empty if it
// is. Only a password with compatibility characters, such as "ﬁ", costs a hash.
func (p *Passwords) Renew(ctx context.Context, hash, password string) (string, error) {
	if len(forms(password)) == 1 {
		return "", nil
	}
	if current, err := p.Verify(ctx, hash, norm.NFKC.String(password), nil); err != nil || current {
		return "", err
	}
	return p.Hash(ctx, password)
}

// forms returns the forms of a password that may have been hashed: today's, and the one before if it differs.
func forms(password string) []string {
	current, former := norm.NFKC.String(password), norm.NFC.String(password)
	if current == former {
		return []string{current}
	}
	return []string{current, former}
}

// Hashed returns the number of hashes computed so far.
func (p *Passwords) Hashed() uint64 { return p.hashed.Load() }

// compute hashes the form of a password.
func (p *Passwords) compute(
	ctx context.Context, form string, salt []byte, params PasswordParams, size uint32,
	allowed func(ctx context.Context) error,
) ([]byte, error) {
	network := ClientFrom(ctx).Network()
	if !p.enter(network) {
		return nil, errTooManyAtOnce
	}
	defer p.leave(network)
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	if allowed != nil {
		if err := allowed(ctx); err != nil {
			return nil, err
		}
	}
	p.hashed.Add(1)
	return argon2.IDKey([]byte(form), salt,
		params.Iterations, params.MemoryKiB, params.Parallelism, size), nil
}

var errTooManyAtOnce = fault.New(fault.Throttled, fault.SignInThrottled,
	"Too many attempts from your network at the same time. Try again.").After(time.Second)

// enter reports whether a call of a network may wait for its turn. Each that may must leave.
func (p *Passwords) enter(network string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending[network] >= maxPending {
		return false
	}
	p.pending[network]++
	return true
}

func (p *Passwords) leave(network string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending[network]--
	if p.pending[network] == 0 {
		delete(p.pending, network)
	}
}

func encodeHash(params PasswordParams, salt, key []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		params.MemoryKiB, params.Iterations, params.Parallelism,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

// decodeHash parses a PHC string. It rejects excessive cost parameters, which could stall the server.
func decodeHash(hash string) (params PasswordParams, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" ||
		parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params, nil, nil, errHash
	}
	_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &params.MemoryKiB, &params.Iterations, &params.Parallelism)
	if err != nil || !params.inBounds() {
		return params, nil, nil, errHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return params, nil, nil, errHash
	}
	if encodeHash(params, salt, key) != hash { // Sscanf and base64 read more than we write
		return params, nil, nil, errHash
	}
	return params, salt, key, nil
}

func (p PasswordParams) inBounds() bool {
	const maxMemoryKiB, maxIterations, maxParallelism = 256 * 1024, 16, 8
	return p.MemoryKiB >= 8 && p.MemoryKiB <= maxMemoryKiB &&
		p.Iterations >= 1 && p.Iterations <= maxIterations &&
		p.Parallelism >= 1 && p.Parallelism <= maxParallelism
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never returns an error: crypto/rand crashes the program instead
	return b
}
