package notification

import (
	"context"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/queue"
)

// Listener returns what listens to the history of products: for every transaction that changes any it
// inserts one notify job, in the same transaction, due when window has passed.
func Listener(q *queue.Queue, window time.Duration) history.Listener {
	return func(ctx context.Context, tx *ent.Tx, by auth.Principal, changes []*ent.ProductChange) error {
		at := changes[0].CreateTime // which they share
		return q.Insert(ctx, tx, queue.Job{
			Args:        queue.NotifyArgs{ActorID: by.AdminID, ChangeTime: at},
			At:          at.Add(window),
			MaxAttempts: endless,
		})
	}
}
