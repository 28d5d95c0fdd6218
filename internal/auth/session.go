package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/refreshtoken"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// SessionIdleLifetime is how long a session lasts without a refresh.
	SessionIdleLifetime = 30 * 24 * time.Hour
	// SessionLifetime is the absolute lifetime of a session.
	SessionLifetime = 90 * 24 * time.Hour
	// RefreshGrace is how long a refresh may be repeated, for callers who did not get the answer.
	RefreshGrace = 10 * time.Second
)

// The faults of a refresh token.
var (
	errRefreshInvalid = fault.New(fault.Unauthenticated, fault.RefreshTokenInvalid,
		"The refresh token is not valid any more. Sign in again.")
	errRefreshReused = fault.New(fault.Unauthenticated, fault.RefreshTokenReused,
		"The refresh token was used before, so its session has ended. Sign in again.")
)

// Sessions starts, refreshes and ends sessions.
//
// Refresh tokens rotate: each works once, and a repeat within RefreshGrace has the same result until the result is
// used. Later reuse means that two parties hold the token, so it ends the session for both, including the tokens that
// the first use returned (RFC 9700, section 4.14.2).
type Sessions struct {
	d      *db.DB
	tokens *Tokens
	// OnReuse runs in the transaction that ends a session because of reuse, before its end; it may be nil.
	OnReuse func(ctx context.Context, tx *ent.Tx, reused *ent.Session) error
}

// Grant holds the tokens of a session.
type Grant struct {
	SessionID    uuid.UUID
	AccessToken  string
	RefreshToken string
	// ExpireTime is when the access token expires.
	ExpireTime time.Time
}

// NewSessions returns Sessions. tokens must be able to sign.
func NewSessions(d *db.DB, tokens *Tokens) *Sessions {
	return &Sessions{d: d, tokens: tokens}
}

// Start starts a session of an administrator who has just proved who they are. The caller must have checked, with a
// lock on the row in the same transaction, that the administrator is enabled and not deleted.
func (s *Sessions) Start(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) (Grant, error) {
	client := ClientFrom(ctx)
	create := tx.Session.Create().
		SetAdminID(adminID).
		SetUserAgent(printable(client.UserAgent)).
		SetAuthTime(tx.Clock.Now()).
		SetExpireTime(tx.Clock.Now().Add(SessionIdleLifetime))
	if client.Address.IsValid() {
		create.SetIPAddress(client.Address.Unmap().String())
	}
	row, err := create.Save(ctx)
	if err != nil {
		return Grant{}, fmt.Errorf("start session: %w", err)
	}
	token, _ := newSecret()
	if err := storeToken(ctx, tx, row.ID, token); err != nil {
		return Grant{}, err
	}
	return s.grant(row, token, tx.Clock.Now())
}

// knownSessions bounds how many sessions SignedInFrom reads, the newest ones.
const knownSessions = 200

// SignedInFrom reports whether an administrator has a session, ended or not, that started in the client's network.
func SignedInFrom(ctx context.Context, d *db.DB, adminID uuid.UUID, client Client) (bool, error) {
	var addresses []string
	err := d.Reader().Session.Query().
		Where(session.AdminID(adminID)).
		Order(session.ByID(sql.OrderDesc())).
		Limit(knownSessions).
		Select(session.FieldIPAddress).
		Scan(ctx, &addresses)
	if err != nil {
		return false, fmt.Errorf("look up networks of sessions: %w", err)
	}
	return slices.ContainsFunc(addresses, func(address string) bool {
		parsed, err := netip.ParseAddr(address)
		return err == nil && Client{Address: parsed}.Network() == client.Network()
	}), nil
}

// Refresh exchanges a refresh token for a new grant, and returns the session's administrator.
//
// Returns REFRESH_TOKEN_INVALID if the token is unknown, its session has ended, or the administrator is
// disabled or deleted. Returns REFRESH_TOKEN_REUSED, with the ids of session and administrator as cause, if
// the token was used before and this is no repeat; the session has ended then.
func (s *Sessions) Refresh(ctx context.Context, token string) (Grant, *ent.Admin, error) {
	if _, known, err := SessionOf(ctx, s.d, token); err != nil {
		return Grant{}, nil, err
	} else if !known {
		return Grant{}, nil, errRefreshInvalid
	}
	var (
		grant Grant
		owner *ent.Admin
		ended *ent.Session
	)
	err := s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		id, successor, err := spend(ctx, tx, token)
		switch {
		case err != nil:
			return err
		case successor == "":
			ended, err = s.endReused(ctx, tx, id)
			return err // nil, to commit the end of the session
		}
		grant, owner, err = s.refresh(ctx, tx, id, successor)
		return err
	})
	if err != nil {
		return Grant{}, nil, err
	}
	if ended != nil {
		return Grant{}, nil, errRefreshReused.Because(
			fmt.Errorf("session %s of administrator %s", ended.ID, ended.AdminID))
	}
	return grant, owner, nil
}

// spend marks a refresh token as used, and returns its session and its successor. If it was used before, a repeat
// returns the same successor, and reuse none. Of two concurrent callers with one token, the second waits for the first
// and repeats it.
func spend(ctx context.Context, tx *ent.Tx, token string) (sessionID uuid.UUID, successor string, err error) {
	now, nonce := tx.Clock.Now(), randomBytes(secretSize)
	marked, err := tx.RefreshToken.Update().
		Where(refreshtoken.ID(digest(token)), refreshtoken.UseTimeIsNil()).
		SetUseTime(now).
		SetNonce(nonce).
		Save(ctx)
	if err != nil {
		return uuid.Nil, "", err
	}
	row, err := tx.RefreshToken.Get(ctx, digest(token))
	if ent.IsNotFound(err) {
		return uuid.Nil, "", errRefreshInvalid
	}
	if err != nil {
		return uuid.Nil, "", err
	}
	if marked == 1 {
		successor = successorOf(token, nonce)
		return row.SessionID, successor, storeToken(ctx, tx, row.SessionID, successor)
	}
	successor, err = repeated(ctx, tx, token, row, now)
	return row.SessionID, successor, err
}

// repeated returns the successor of a used token, or "" if its time has passed or the successor was used. A token that
// a process of the release before marked as used has no nonce, and so no known successor.
func repeated(ctx context.Context, tx *ent.Tx, token string, row *ent.RefreshToken, now time.Time) (string, error) {
	if len(row.Nonce) == 0 || row.UseTime == nil || now.Sub(*row.UseTime) > RefreshGrace {
		return "", nil
	}
	successor := successorOf(token, row.Nonce)
	unused, err := tx.RefreshToken.Query().
		Where(refreshtoken.ID(digest(successor)), refreshtoken.UseTimeIsNil()).
		Exist(ctx)
	if err != nil || !unused {
		return "", err
	}
	return successor, nil
}

// endReused ends a session, one of whose refresh tokens was used again, and returns it.
func (s *Sessions) endReused(ctx context.Context, tx *ent.Tx, id uuid.UUID) (*ent.Session, error) {
	open, err := OpenSession(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if open != nil && s.OnReuse != nil {
		if err := s.OnReuse(ctx, tx, open); err != nil {
			return nil, err
		}
	}
	if err := endSessions(ctx, tx, session.ID(id)); err != nil {
		return nil, err
	}
	return tx.Session.Get(ctx, id)
}

// successorOf returns the refresh token that replaces a token. Only somebody who has the token can compute it: the
// database has the nonce, and digests of the tokens.
func successorOf(token string, nonce []byte) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write(nonce)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *Sessions) refresh(ctx context.Context, tx *ent.Tx, id uuid.UUID, token string) (Grant, *ent.Admin, error) {
	row, err := tx.Session.Get(ctx, id)
	if err != nil {
		return Grant{}, nil, err
	}
	now := tx.Clock.Now()
	expire := row.CreateTime.Add(SessionLifetime)
	if idle := now.Add(SessionIdleLifetime); idle.Before(expire) {
		expire = idle
	}
	kept, err := tx.Session.Update(). // rechecks the condition under the row lock
						Where(session.ID(row.ID), active(now)).
						SetLastRefreshTime(now).
						SetExpireTime(expire).
						Save(ctx)
	if err != nil {
		return Grant{}, nil, err
	}
	owner, err := tx.Admin.Query().Where(admin.ID(row.AdminID), admin.DeleteTimeIsNil(), admin.Disabled(false)).Only(ctx)
	if kept == 0 || ent.IsNotFound(err) {
		return Grant{}, nil, errRefreshInvalid
	}
	if err != nil {
		return Grant{}, nil, err
	}
	grant, err := s.grant(row, token, now)
	return grant, owner, err
}

// grant returns a refresh token with a new access token.
func (s *Sessions) grant(row *ent.Session, refreshToken string, now time.Time) (Grant, error) {
	claims := Claims{AdminID: row.AdminID, SessionID: row.ID}
	if row.AuthTime != nil {
		claims.AuthTime = *row.AuthTime
	}
	access, expire, err := s.tokens.Issue(claims, now)
	if err != nil {
		return Grant{}, err
	}
	return Grant{SessionID: row.ID, AccessToken: access, RefreshToken: refreshToken, ExpireTime: expire}, nil
}

func storeToken(ctx context.Context, tx *ent.Tx, sessionID uuid.UUID, token string) error {
	if err := tx.RefreshToken.Create().SetID(digest(token)).SetSessionID(sessionID).Exec(ctx); err != nil {
		return fmt.Errorf("store refresh token: %w", err)
	}
	return nil
}

// OpenSession returns a session and locks it, or nil if it has ended or expired or there is none.
func OpenSession(ctx context.Context, tx *ent.Tx, id uuid.UUID) (*ent.Session, error) {
	query := tx.Session.Query().Where(session.ID(id), active(tx.Clock.Now()))
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	row, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is a valid result
	}
	if err != nil {
		return nil, fmt.Errorf("find session: %w", err)
	}
	return row, nil
}

// EndSession ends a session. It is idempotent. Returns false if there is no such session.
func EndSession(ctx context.Context, tx *ent.Tx, id uuid.UUID) (bool, error) {
	if err := endSessions(ctx, tx, session.ID(id)); err != nil {
		return false, err
	}
	return tx.Session.Query().Where(session.ID(id)).Exist(ctx)
}

// SessionOf returns the session of a refresh token, used or not. Returns false if the token is unknown. It is
// read-only, so that callers with made-up tokens do not queue for the writer.
func SessionOf(ctx context.Context, d *db.DB, refreshToken string) (id uuid.UUID, known bool, err error) {
	row, err := d.Reader().RefreshToken.Get(ctx, digest(refreshToken))
	if ent.IsNotFound(err) {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("find session: %w", err)
	}
	return row.SessionID, true, nil
}

// EndAll ends all sessions of an administrator and revokes their one-time tokens. The caller must have updated
// the administrator's row in the same transaction, so that no session that starts concurrently escapes.
func EndAll(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) error {
	if err := RevokeOneTimeTokens(ctx, tx, adminID); err != nil {
		return err
	}
	return endSessions(ctx, tx, session.AdminID(adminID))
}

// ActiveSessions returns the active sessions of an administrator, latest first.
func ActiveSessions(ctx context.Context, d *db.DB, adminID uuid.UUID, limit int) ([]*ent.Session, error) {
	return d.Reader().Session.Query().
		Where(session.AdminID(adminID), active(d.Now())).
		Order(session.ByID(sql.OrderDesc())).
		Limit(limit).
		All(ctx)
}

func endSessions(ctx context.Context, tx *ent.Tx, which predicate.Session) error {
	ended, err := tx.Session.Update().
		Where(which, session.EndTimeIsNil()).
		SetEndTime(tx.Clock.Now()).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if ended == 0 {
		return nil
	}
	return db.Publish(ctx, tx, sessionsTopic, "")
}

// active matches sessions that have neither ended nor expired.
func active(now time.Time) predicate.Session {
	return session.And(session.EndTimeIsNil(), session.ExpireTimeGT(now.UTC()))
}

// printable sanitizes a header for storage: valid UTF-8 of bounded length, without control characters and direction
// marks, which would change how terminals and pages show what is next to it.
func printable(header string) string {
	header = strings.ToValidUTF8(header[:min(len(header), maxUserAgent)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, header)
}
