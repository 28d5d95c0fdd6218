package auth

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Principal is the authenticated administrator of a call.
type Principal struct {
	AdminID   uuid.UUID
	SessionID uuid.UUID
	// Name is the administrator's name at the time of authentication.
	Name string
	// ExpireTime is when the access token expires.
	ExpireTime time.Time
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
