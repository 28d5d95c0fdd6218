package auth

import (
	"context"

	"github.com/google/uuid"
)

// Principal is the administrator who makes a call.
type Principal struct {
	AdminID   uuid.UUID
	SessionID uuid.UUID
	// Name is the administrator's name when the call was authenticated.
	Name string
}

type principalKey struct{}

// WithPrincipal returns a context for calls by p.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom returns the administrator who makes the call. Returns false if the caller is anonymous.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}
