package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
)

// Authenticator finds out who makes a call.
type Authenticator struct {
	d      *db.DB
	tokens *Tokens
	// alive is the statement behind every call of an administrator, so it is built once. Its arguments
	// are the session's id, the administrator's, and the time.
	alive string
}

// NewAuthenticator returns an Authenticator. Keys that only verify are enough for tokens.
func NewAuthenticator(d *db.DB, tokens *Tokens) *Authenticator {
	s, a := entsql.Table(session.Table).As("s"), entsql.Table(admin.Table).As("a")
	alive, _ := entsql.Dialect(d.Dialect()).
		Select(a.C(admin.FieldName)).
		From(s).
		Join(a).On(a.C(admin.FieldID), s.C(session.FieldAdminID)).
		Where(entsql.And(
			entsql.EQ(s.C(session.FieldID), ""),
			entsql.EQ(s.C(session.FieldAdminID), ""),
			entsql.GT(s.C(session.FieldExpireTime), ""),
			entsql.IsNull(s.C(session.FieldEndTime)),
			entsql.IsNull(a.C(admin.FieldDeleteTime)),
			entsql.IsFalse(a.C(admin.FieldDisabled)),
		)).
		Query()
	return &Authenticator{d: d, tokens: tokens, alive: alive}
}

// Authenticate returns the administrator who bears an access token, given without "Bearer ". It asks
// the database whether the session and the administrator are still alive, in one query by key, so
// that ending either counts at once and not when the token expires.
//
// Returns TOKEN_INVALID or TOKEN_EXPIRED as Verify does, and SESSION_ENDED if the session has ended
// or the administrator is disabled or deleted.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (Principal, error) {
	claims, err := a.tokens.Verify(ctx, token)
	if err != nil {
		return Principal{}, err
	}
	p := Principal{AdminID: claims.AdminID, SessionID: claims.SessionID}
	err = a.d.ReadSQL().
		QueryRowContext(ctx, a.alive, claims.SessionID, claims.AdminID, time.Now().UTC()).
		Scan(&p.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return Principal{}, errSessionEnded
	}
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate: %w", err)
	}
	return p, nil
}
