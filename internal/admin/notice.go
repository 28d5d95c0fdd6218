package admin

import (
	"context"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/queue"
)

// told says whether the administrator concerned is told of an event.
type told int

// The zero value tells nobody.
const (
	// byOthers tells of what somebody else did.
	byOthers told = iota + 1
	// always also tells of what the administrator did: it may have been somebody with their session.
	always
)

// notices says of which events the administrator concerned is told by mail.
var notices = map[catalogv1.SecurityEvent_Type]told{
	catalogv1.SecurityEvent_TYPE_REFRESH_TOKEN_REUSED:    always,
	catalogv1.SecurityEvent_TYPE_PASSWORD_RESET:          always,
	catalogv1.SecurityEvent_TYPE_PASSWORD_CHANGED:        always,
	catalogv1.SecurityEvent_TYPE_EMAIL_CHANGE_REQUESTED:  always,
	catalogv1.SecurityEvent_TYPE_EMAIL_CHANGED:           always,
	catalogv1.SecurityEvent_TYPE_ADMIN_CREATED:           byOthers,
	catalogv1.SecurityEvent_TYPE_ADMIN_UPDATED:           byOthers,
	catalogv1.SecurityEvent_TYPE_ADMIN_DISABLED:          always,
	catalogv1.SecurityEvent_TYPE_ADMIN_ENABLED:           always,
	catalogv1.SecurityEvent_TYPE_ADMIN_DELETED:           always,
	catalogv1.SecurityEvent_TYPE_ADMIN_UNDELETED:         always,
	catalogv1.SecurityEvent_TYPE_SESSION_REVOKED:         byOthers,
	catalogv1.SecurityEvent_TYPE_API_KEY_CREATED:         always,
	catalogv1.SecurityEvent_TYPE_API_KEY_REVOKED:         byOthers,
	catalogv1.SecurityEvent_TYPE_PASSKEY_CREATED:         always,
	catalogv1.SecurityEvent_TYPE_PASSKEY_DELETED:         always,
	catalogv1.SecurityEvent_TYPE_RECOVERY_CODES_CREATED:  always,
	catalogv1.SecurityEvent_TYPE_RECOVERY_CODE_USED:      always,
	catalogv1.SecurityEvent_TYPE_SECURITY_POLICY_UPDATED: always,
	catalogv1.SecurityEvent_TYPE_SECOND_FACTOR_FAILED:    always,
}

// record adds an event to the audit trail, and queues mails that tell the administrator concerned, e.Admin, at the
// address that it has, if notices says so. former are addresses that the administrator had before the event, which
// get the same mail. Call it in the transaction of the change.
func record(ctx context.Context, tx *ent.Tx, q *queue.Queue, e auth.Event, former ...string) error {
	row, err := auth.RecordEvent(ctx, tx, e)
	if err != nil {
		return err
	}
	if e.Admin == nil || !tells(e, row.ActorID) {
		return nil
	}
	addresses := append([]string{e.Admin.Email}, former...)
	jobs := make([]queue.Job, len(addresses))
	for i, email := range addresses {
		jobs[i].Args = queue.SecurityNoticeArgs{EventID: row.ID, AdminID: e.Admin.ID, Email: email}
	}
	return q.Insert(ctx, tx, jobs...)
}

// tells reports whether the administrator concerned is told of an event. Somebody who has not accepted their invitation
// is not: they have nothing to protect yet.
func tells(e auth.Event, actor *uuid.UUID) bool {
	if e.Admin.PasswordHash == "" {
		return false
	}
	switch notices[e.Type] {
	case always:
		return true
	case byOthers:
		return actor == nil || *actor != e.Admin.ID
	default:
		return false
	}
}
