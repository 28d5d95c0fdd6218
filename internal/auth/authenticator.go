package auth

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
)

// Authenticator finds out who makes a call.
type Authenticator struct {
	d      *db.DB
	tokens *Tokens
}

// NewAuthenticator returns an Authenticator. Keys that only verify are enough for tokens.
func NewAuthenticator(d *db.DB, tokens *Tokens) *Authenticator {
	return &Authenticator{d: d, tokens: tokens}
}

// Authenticate returns the administrator who bears an access token, given without "Bearer ". It asks
// the database whether the session and the administrator are still alive, in one query by key, so
// that ending either counts at once and not when the token expires.
//
// Returns TOKEN_INVALID or TOKEN_EXPIRED as Verify does, and SESSION_ENDED if the session has ended
// or the administrator is disabled or deleted.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (Principal, error) {
	claims, err := a.tokens.Verify(token)
	if err != nil {
		return Principal{}, err
	}
	row, err := a.d.Reader().Admin.Query().
		Where(admin.ID(claims.AdminID), enabled(), hasSession(claims, time.Now())).
		Select(admin.FieldName).
		Only(ctx)
	if ent.IsNotFound(err) {
		return Principal{}, errSessionEnded
	}
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate: %w", err)
	}
	return Principal{AdminID: claims.AdminID, SessionID: claims.SessionID, Name: row.Name}, nil
}

// enabled holds for administrators that are neither deleted nor disabled.
func enabled() predicate.Admin {
	return admin.And(admin.DeleteTimeIsNil(), admin.Disabled(false))
}

// hasSession holds for the administrator whose session claims names, while it is alive.
func hasSession(claims Claims, now time.Time) predicate.Admin {
	return func(s *sql.Selector) {
		t := sql.Table(session.Table)
		s.Where(sql.Exists(sql.Select(t.C(session.FieldID)).From(t).Where(sql.And(
			sql.EQ(t.C(session.FieldID), claims.SessionID),
			sql.EQ(t.C(session.FieldAdminID), claims.AdminID),
			sql.IsNull(t.C(session.FieldEndTime)),
			sql.GT(t.C(session.FieldExpireTime), now.UTC()),
		))))
	}
}
