package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	// AccessTokenLifetime is the lifetime of access tokens. The end of a session invalidates them earlier:
	// see Authenticator.
	AccessTokenLifetime = 15 * time.Minute
	// clockLeeway is the tolerated difference between the clocks of replicas, which follow the database's.
	clockLeeway = 5 * time.Second
	// maxTokenSize bounds the tokens that are parsed, in bytes. Tokens have about 450.
	maxTokenSize = 4096

	tokenType = "at+jwt" // RFC 9068
)

// The faults of an access token.
var (
	errTokenInvalid = fault.New(fault.Unauthenticated, fault.TokenInvalid,
		"The access token is not valid here. Refresh the session or sign in again.")
	errTokenExpired = fault.New(fault.Unauthenticated, fault.TokenExpired,
		"The access token has expired. Refresh the session or sign in again.")
	errSessionEnded = fault.New(fault.Unauthenticated, fault.SessionEnded,
		"The session has ended. Sign in again.")
)

// Tokens signs and verifies access tokens: JWTs (RFC 9068), signed with EdDSA only.
type Tokens struct {
	keys     *KeyRing
	issuer   string
	audience string
	parser   *jwt.Parser
}

// Claims identify the bearer of an access token.
type Claims struct {
	AdminID   uuid.UUID
	SessionID uuid.UUID
	// AuthTime is when the bearer last proved who they are (RFC 9470), in whole seconds. Zero in tokens of earlier
	// releases.
	AuthTime time.Time
	// ExpireTime is when a verified token expires. Issue sets it by itself.
	ExpireTime time.Time
}

// NewTokens returns Tokens for an issuer, the public URL of the catalog, and an audience. It rejects tokens of
// any other issuer or audience.
func NewTokens(keys *KeyRing, issuer, audience string) *Tokens {
	return &Tokens{
		keys: keys, issuer: issuer, audience: audience,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithStrictDecoding(),
			jwt.WithIssuer(issuer),
			jwt.WithAudience(audience),
			jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(),
			jwt.WithLeeway(clockLeeway),
			jwt.WithTimeFunc(keys.clock.Now),
		),
	}
}

// wireClaims is the encoding of the claims in the token.
type wireClaims struct {
	jwt.RegisteredClaims

	SessionID string           `json:"sid"`
	AuthTime  *jwt.NumericDate `json:"auth_time,omitempty"`
}

func (c *wireClaims) authTime() time.Time {
	if c.AuthTime == nil {
		return time.Time{}
	}
	return c.AuthTime.UTC()
}

func (c *wireClaims) expired(now time.Time) bool {
	return c.ExpiresAt != nil && now.After(c.ExpiresAt.Time)
}

// Issue returns an access token for claims and its expiry. Returns an error if the keys are verify-only, and
// DATABASE_UNAVAILABLE if they are stale.
func (t *Tokens) Issue(claims Claims, now time.Time) (token string, expire time.Time, err error) {
	signer, err := t.keys.signer(now)
	if err != nil {
		return "", time.Time{}, err
	}
	now = now.UTC().Truncate(time.Second) // JWT times are whole seconds
	expire = now.Add(AccessTokenLifetime)
	var authTime *jwt.NumericDate
	if !claims.AuthTime.IsZero() {
		authTime = jwt.NewNumericDate(claims.AuthTime)
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, wireClaims{
		SessionID: claims.SessionID.String(),
		AuthTime:  authTime,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    t.issuer,
			Subject:   claims.AdminID.String(),
			Audience:  jwt.ClaimStrings{t.audience},
			ExpiresAt: jwt.NewNumericDate(expire),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        uuid.NewString(),
		},
	})
	unsigned.Header["kid"] = signer.id
	unsigned.Header["typ"] = tokenType
	token, err = unsigned.SignedString(signer.private)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign access token: %w", err)
	}
	return token, expire, nil
}

// Verify returns the claims of a valid token. It does not check the session: see Authenticator. Returns
// TOKEN_EXPIRED if the token is valid except for its age, or so old that its key is gone;
// DATABASE_UNAVAILABLE if the keys cannot be read; and TOKEN_INVALID otherwise.
func (t *Tokens) Verify(ctx context.Context, token string) (Claims, error) {
	// The decoder skips line breaks.
	if len(token) > maxTokenSize || strings.ContainsAny(token, "\r\n") {
		return Claims{}, errTokenInvalid
	}
	var wire wireClaims
	key := func(token *jwt.Token) (any, error) { return t.key(ctx, token) }
	if _, err := t.parser.ParseWithClaims(token, &wire, key); err != nil {
		switch {
		case fault.Is(err, fault.DatabaseUnavailable), ctx.Err() != nil:
			return Claims{}, err
		case onlyExpired(err), errors.Is(err, errKeyUnknown) && wire.expired(t.keys.clock.Now()):
			return Claims{}, errTokenExpired.Because(err)
		}
		return Claims{}, errTokenInvalid.Because(err)
	}
	adminID, adminErr := uuid.Parse(wire.Subject)
	sessionID, sessionErr := uuid.Parse(wire.SessionID)
	if err := errors.Join(adminErr, sessionErr); err != nil {
		return Claims{}, errTokenInvalid.Because(err)
	}
	if adminID.String() != wire.Subject || sessionID.String() != wire.SessionID {
		return Claims{}, errTokenInvalid // uuid.Parse takes other spellings, which Issue does not write
	}
	return Claims{
		AdminID: adminID, SessionID: sessionID, AuthTime: wire.authTime(), ExpireTime: wire.ExpiresAt.UTC(),
	}, nil
}

// key returns the verification key of a token, if its header is valid.
func (t *Tokens) key(ctx context.Context, token *jwt.Token) (any, error) {
	typ, _ := token.Header["typ"].(string)
	if strings.TrimPrefix(strings.ToLower(typ), "application/") != tokenType {
		return nil, errors.New("typ is not at+jwt")
	}
	if _, ok := token.Header["crit"]; ok { // critical extensions are unsupported
		return nil, errors.New("crit is not supported")
	}
	kid, _ := token.Header["kid"].(string)
	return t.keys.verifier(ctx, kid)
}

// onlyExpired reports whether expiry is the token's only problem.
func onlyExpired(err error) bool {
	others := []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer,
		jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenNotValidYet,
	}
	return errors.Is(err, jwt.ErrTokenExpired) &&
		!slices.ContainsFunc(others, func(other error) bool { return errors.Is(err, other) })
}
