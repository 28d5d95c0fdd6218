package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
)

// ErrRunning is returned while a job runs that cannot be deleted.
var ErrRunning = errors.New("a mail is just being prepared; try again in a moment")

// DeleteMailsTo deletes the jobs that create mails to an administrator, done or not: their arguments can have
// addresses. Returns ErrRunning, so that the transaction rolls back, if one of them runs.
func DeleteMailsTo(ctx context.Context, tx *ent.Tx, admin uuid.UUID) error {
	theirs := fmt.Sprintf(" FROM river_job WHERE kind IN ('%s', '%s') AND args ->> 'admin_id' = $1",
		SecurityNoticeArgs{}.Kind(), AccountMailArgs{}.Kind())
	if _, err := tx.ExecContext(ctx, "DELETE"+theirs+" AND state <> 'running'", admin.String()); err != nil {
		return fmt.Errorf("delete jobs: %w", err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT 1"+theirs, admin.String())
	if err != nil {
		return fmt.Errorf("find jobs: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		return ErrRunning
	}
	return rows.Err()
}
