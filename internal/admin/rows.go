package admin

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
)

// The purposes of mails with a link, as in OneTimeToken.
const (
	invitation        = "invitation"
	passwordReset     = "password_reset"
	emailConfirmation = "email_confirmation"
)

var errNotFound = fault.New(fault.NotFound, fault.AdminNotFound, "There is no such administrator.")

// lockAdmins serializes transactions that change the set of administrators. It must be the first statement of
// the transaction, so that later ones see the committed changes.
func lockAdmins(ctx context.Context, tx *ent.Tx) error {
	return db.LockTx(ctx, tx, db.AdminsLock)
}

// lockAdmin returns the administrator that matches where, with its row locked. Returns ADMIN_NOT_FOUND if there
// is none.
func lockAdmin(ctx context.Context, tx *ent.Tx, where ...predicate.Admin) (*ent.Admin, error) {
	query := tx.Admin.Query().Where(where...)
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	row, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNotFound
	}
	return row, err
}

// isActive is the predicate of active.
func isActive() predicate.Admin {
	return admin.And(admin.DeleteTimeIsNil(), admin.Disabled(false), admin.PasswordHashNEQ(""))
}

// keepOneActive returns LAST_ADMIN if row is the only active administrator. The caller must hold lockAdmins.
func keepOneActive(ctx context.Context, tx *ent.Tx, row *ent.Admin) error {
	if !active(row) {
		return nil
	}
	others, err := tx.Admin.Query().Where(isActive(), admin.IDNEQ(row.ID)).Exist(ctx)
	if err != nil || others {
		return err
	}
	return fault.New(fault.FailedPrecondition, fault.LastAdmin,
		"%s is the last administrator who can sign in. Add another one first.", row.Name)
}

// checkETag returns ETAG_MISMATCH if etag is set and does not match row (optimistic concurrency).
func checkETag(row *ent.Admin, etag string) error {
	if etag == "" || etag == convert.ETag(row.Version) {
		return nil
	}
	return fault.New(fault.Aborted, fault.ETagMismatch,
		"The administrator has changed since you read it. Read it again and repeat your change.").
		With("etag", convert.ETag(row.Version))
}

// findLive returns the administrator with a normalized address who is not deleted, or nil.
func findLive(ctx context.Context, d *db.DB, email string) (*ent.Admin, error) {
	row, err := d.Reader().Admin.Query().Where(admin.Email(email), admin.DeleteTimeIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is a valid result
	}
	return row, err
}

// mailLink queues a mail with a one-time link to an administrator's address.
func mailLink(ctx context.Context, tx *ent.Tx, q *queue.Queue, purpose string, id uuid.UUID) error {
	return q.Insert(ctx, tx, queue.Job{Args: queue.AccountMailArgs{AdminID: id, Purpose: purpose}})
}

// keepUpdateTime leaves update_time unchanged: the update is not visible in the resource.
func keepUpdateTime(u *sql.UpdateBuilder) {
	u.Set(admin.FieldUpdateTime, sql.Expr(admin.FieldUpdateTime))
}

// caller returns the authenticated caller. Returns TOKEN_REQUIRED for anonymous callers.
func caller(ctx context.Context) (auth.Principal, error) {
	p, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return auth.Principal{}, fault.New(fault.Unauthenticated, fault.TokenRequired, "Sign in first.")
	}
	return p, nil
}
