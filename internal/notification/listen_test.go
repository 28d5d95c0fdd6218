package notification_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
)

const notifyJobs = "river_job WHERE kind = 'notify'"

func TestEachTransactionWithChangesHasOneJob(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "ONE")
		require.Equal(t, 1, w.count(notifyJobs))
		w.tx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			drafts := make([]*ent.ProductCreate, 1100)
			for i := range drafts {
				drafts[i] = draft(tx, fmt.Sprintf("BULK-%04d", i))
			}
			return tx.Product.CreateBulk(drafts...).Exec(ctx)
		})
		require.Equal(t, 2, w.count(notifyJobs))
		w.rename(w.luis, p, p.Name) // changes nothing
		require.Equal(t, 2, w.count(notifyJobs))
	})
}

func TestRollbackLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "S")
		w.work()
		w.untilIdle()
		before := len(w.mailer.messages())
		failure := errors.New("the rest did not work")
		require.ErrorIs(t, w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			require.NoError(t, tx.Product.UpdateOneID(p.ID).SetName("x").Exec(ctx))
			require.NoError(t, draft(tx, "OTHER").Exec(ctx))
			return failure
		}), failure)
		w.untilIdle()
		require.Len(t, w.changes(), 1)
		require.Equal(t, 1, w.count(notifyJobs))
		require.Len(t, w.mailer.messages(), before)
		require.Equal(t, int64(1), w.get(p.ID).Version)
	})
}
