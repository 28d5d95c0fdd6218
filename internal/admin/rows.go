package admin

import (
	"context"
	"time"

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

// adminsLock is the PostgreSQL advisory lock of everything that depends on how many administrators
// there are.
const adminsLock = 0x61646d696e73

// The purposes of mails with a link, as in OneTimeToken.
const (
	invitation    = "invitation"
	passwordReset = "password_reset"
)

var errNotFound = fault.New(fault.NotFound, fault.AdminNotFound, "There is no such administrator.")

// lockAdmins makes the transaction wait for others that could change how many administrators there
// are. It must be the first statement, so that what follows sees what those others did.
func lockAdmins(ctx context.Context, tx *ent.Tx) error {
	if !db.LocksRows(ctx) { // SQLite lets one transaction write at a time
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(adminsLock))
	return err
}

// lockAdmin returns an administrator, who stays as they are until the transaction ends. Returns
// ADMIN_NOT_FOUND if there is none for which where holds.
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

// isActive holds for administrators who can sign in.
func isActive() predicate.Admin {
	return admin.And(admin.DeleteTimeIsNil(), admin.Disabled(false), admin.PasswordHashNEQ(""))
}

// keepOneActive returns LAST_ADMIN if nobody could sign in any more without row. The caller holds
// lockAdmins.
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

// checkETag returns ETAG_MISMATCH if etag is set and not that of row.
func checkETag(row *ent.Admin, etag string) error {
	if etag == "" || etag == convert.ETag(row.Version) {
		return nil
	}
	return fault.New(fault.Aborted, fault.ETagMismatch,
		"The administrator has changed since you read it. Read it again and repeat your change.").
		With("etag", convert.ETag(row.Version))
}

// findLive returns the administrator with a stored e-mail address, or nil if there is none.
func findLive(ctx context.Context, d *db.DB, email string) (*ent.Admin, error) {
	row, err := d.Reader().Admin.Query().Where(admin.Email(email), admin.DeleteTimeIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // nobody is an answer, and the caller goes on with it
	}
	return row, err
}

// mailLink asks for a mail with a link that works once.
func mailLink(ctx context.Context, tx *ent.Tx, q *queue.Queue, purpose string, id uuid.UUID) error {
	return q.Insert(ctx, tx, queue.Job{Args: queue.AccountMailArgs{AdminID: id, Purpose: purpose}})
}

// keepUpdateTime leaves update_time as it is: what changes is not part of the resource.
func keepUpdateTime(u *sql.UpdateBuilder) {
	u.Set(admin.FieldUpdateTime, sql.Expr(admin.FieldUpdateTime))
}

// caller returns the administrator who makes the call.
func caller(ctx context.Context) (auth.Principal, error) {
	p, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return auth.Principal{}, fault.New(fault.Unauthenticated, fault.TokenRequired, "Sign in first.")
	}
	return p, nil
}

// parseID reads an id. Returns a fault that blames field.
func parseID(field, id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, fault.Field(field, fault.FieldNotUUID, "must be a UUID")
	}
	return parsed, nil
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
