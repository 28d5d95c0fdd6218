package auth

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/passkeychallenge"
	"github.com/zebrands/catalog/ent/refreshtoken"
	"github.com/zebrands/catalog/ent/securityevent"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/ent/throttle"
	"github.com/zebrands/catalog/internal/db"
)

// eventChunk is how many security events one transaction deletes, so that writers do not wait long.
const eventChunk = 1000

// CleanupEvents deletes the security events that are older than a time. Call it periodically, on any replica.
func CleanupEvents(ctx context.Context, d *db.DB, retention time.Duration) error {
	for {
		deleted := 0
		err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
			old := securityevent.CreateTimeLT(tx.Clock.Now().Add(-retention))
			ids, err := tx.SecurityEvent.Query().Where(old).
				Order(securityevent.ByCreateTime()).Limit(eventChunk).IDs(ctx)
			if err != nil || len(ids) == 0 {
				return err
			}
			deleted, err = tx.SecurityEvent.Delete().Where(securityevent.IDIn(ids...)).Exec(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("clean up security events: %w", err)
		}
		if deleted < eventChunk {
			return nil
		}
	}
}

// Cleanup deletes expired rows: sessions with their refresh tokens, one-time tokens, challenges of passkeys, rate limit
// counters, and retired keys. Ended sessions stay until they expire, so that reuse of a refresh token is still
// detected. Call it periodically, on any replica.
func Cleanup(ctx context.Context, d *db.DB) error {
	err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		now := tx.Clock.Now()
		_, err := tx.RefreshToken.Delete().Where(func(s *sql.Selector) {
			t := sql.Table(session.Table)
			s.Where(sql.In(s.C(refreshtoken.FieldSessionID),
				sql.Select(t.C(session.FieldID)).From(t).Where(sql.LTE(t.C(session.FieldExpireTime), now))))
		}).Exec(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Session.Delete().Where(session.ExpireTimeLTE(now)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.OneTimeToken.Delete().Where(onetimetoken.ExpireTimeLTE(now)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.PasskeyChallenge.Delete().Where(passkeychallenge.ExpireTimeLTE(now)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.Throttle.Delete().Where(throttle.ExpireTimeLTE(now)).Exec(ctx); err != nil {
			return err
		}
		return cleanupKeys(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}
