package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
)

// BenchmarkInsert measures a transaction that only inserts a job for later.
func BenchmarkInsert(b *testing.B) {
	for _, name := range dbtest.Dialects() {
		b.Run(name, func(b *testing.B) {
			d := dbtest.New(b, name)
			q := newQueue(b, d)
			args := queue.NotifyArgs{ActorID: uuid.New(), ChangeTime: time.Now()}
			for b.Loop() {
				require.NoError(b, d.InTx(b.Context(), func(ctx context.Context, tx *ent.Tx) error {
					return q.Insert(ctx, tx, queue.Job{Args: args, At: time.Now().Add(time.Minute)})
				}))
			}
		})
	}
}
