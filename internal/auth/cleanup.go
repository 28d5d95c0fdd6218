package auth

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/refreshtoken"
	"github.com/zebrands/catalog/ent/session"
	"github.com/zebrands/catalog/ent/throttle"
	"github.com/zebrands/catalog/internal/db"
)

// Cleanup removes what has expired and means nothing any more: sessions with their refresh tokens,
// one-time tokens, counts of the throttle, and keys that another one has followed. An ended session
// stays until it expires, so that a reused refresh token is recognised as one. Call it now and then, on
// any replica.
func Cleanup(ctx context.Context, d *db.DB) error {
	err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		now := microseconds(time.Now())
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
