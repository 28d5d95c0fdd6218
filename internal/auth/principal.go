package auth

import (
	"context"
	"time"

	"github.com/google/uuid"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// Principal is the authenticated caller of a call: an administrator, or a program with an API key.
type Principal struct {
	// AdminID is the administrator, or the creator of the key.
	AdminID uuid.UUID
	// SessionID is the administrator's session. Zero for a key.
	SessionID uuid.UUID
	// Key is the API key. Zero for an administrator.
	Key Key
	// Name is the name of the administrator at the time of authentication; for a key both names, as in
	// "erp (key of Ana)".
	Name string
	// ExpireTime is when the access token or the key expires. Zero if never.
	ExpireTime time.Time
	// AuthTime is when the administrator last proved who they are (RFC 9470). Zero if unknown, and for a key.
	AuthTime time.Time
}

// Key identifies an API key.
type Key struct {
	ID     uuid.UUID
	Access catalogv1.ApiKey_Access
}

// IsKey reports whether the caller is a program with an API key.
func (p Principal) IsKey() bool { return p.Key.ID != uuid.Nil }

// ActorID returns the id of the caller in the history: the key's id for a key, and the administrator's id otherwise.
func (p Principal) ActorID() uuid.UUID {
	if p.IsKey() {
		return p.Key.ID
	}
	return p.AdminID
}

type principalKey struct{}

// WithPrincipal returns a context with the principal.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom returns the principal of the context. Returns false if the caller is anonymous.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}
