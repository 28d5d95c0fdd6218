package notification

import (
	"context"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/queue"
)

// Listener returns a listener to the product history. For every transaction that changes products it inserts one
// notify job, in the same transaction, due after window.
func Listener(q *queue.Queue, window time.Duration) history.Listener {
	return func(ctx context.Context, tx *ent.Tx, by auth.Principal, changes []*ent.ProductChange) error {
		at := changes[0].CreateTime // the same for all
		return q.Insert(ctx, tx, queue.Job{
			Args:        queue.NotifyArgs{ActorID: by.ActorID(), ChangeTime: at},
			At:          at.Add(window),
			MaxAttempts: endless,
		})
	}
}
