package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
)

// Authenticator authenticates calls by access token or API key.
type Authenticator struct {
	d      *db.DB
	tokens *Tokens
	// keys is nil if no API key is accepted.
	keys *APIKeys
	// active selects an active session. It runs on every authenticated call, so it is built once.
	// Arguments: time, session id, administrator id.
	active string
}

// NewAuthenticator returns an Authenticator. tokens only needs to verify.
func NewAuthenticator(d *db.DB, tokens *Tokens) *Authenticator {
	s, a := entsql.Table(session.Table).As("s"), entsql.Table(admin.Table).As("a")
	active, _ := activeSessions(d.Dialect(), s, a, "").
		Select(a.C(admin.FieldName)).
		Where(entsql.And(
			entsql.EQ(s.C(session.FieldID), ""),
			entsql.EQ(s.C(session.FieldAdminID), ""),
		)).
		Query()
	return &Authenticator{d: d, tokens: tokens, active: active}
}

// WithAPIKeys makes the Authenticator accept API keys.
func (a *Authenticator) WithAPIKeys(keys *APIKeys) *Authenticator {
	a.keys = keys
	return a
}

// activeSessions returns a query for sessions that have neither ended nor expired, whose administrator is neither
// disabled nor deleted.
func activeSessions(dialect string, s, a *entsql.SelectTable, now any) *entsql.Selector {
	return entsql.Dialect(dialect).
		Select().
		From(s).
		Join(a).On(a.C(admin.FieldID), s.C(session.FieldAdminID)).
		Where(entsql.And(
			entsql.GT(s.C(session.FieldExpireTime), now),
			entsql.IsNull(s.C(session.FieldEndTime)),
			entsql.IsNull(a.C(admin.FieldDeleteTime)),
			entsql.IsFalse(a.C(admin.FieldDisabled)),
		))
}

// Authenticate returns the bearer of an access token, given without "Bearer ". It checks the session and the
// administrator in the database with one query by key, so that revocation takes effect immediately.
//
// Returns TOKEN_INVALID or TOKEN_EXPIRED as Verify does, and SESSION_ENDED if the session has ended
// or the administrator is disabled or deleted. An API key in the token's place is authenticated as
// APIKeys.Authenticate does.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (Principal, error) {
	if isAPIKey(token) {
		if a.keys == nil {
			return Principal{}, errAPIKeyInvalid
		}
		return a.keys.Authenticate(ctx, token)
	}
	claims, err := a.tokens.Verify(ctx, token)
	if err != nil {
		return Principal{}, err
	}
	p := Principal{
		AdminID: claims.AdminID, SessionID: claims.SessionID,
		ExpireTime: claims.ExpireTime, AuthTime: claims.AuthTime,
	}
	err = a.d.ReadSQL().
		QueryRowContext(ctx, a.active, a.d.Now(), claims.SessionID, claims.AdminID).
		Scan(&p.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return Principal{}, errSessionEnded
	}
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate: %w", err)
	}
	return p, nil
}
