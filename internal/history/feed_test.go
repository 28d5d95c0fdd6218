package history

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestFeedReadsWithoutTheValuesOfAWatcher(t *testing.T) {
	type key struct{}
	f := NewFeed(dbtest.New(t, "sqlite"))
	seen := make(chan any, 10)
	f.db.ProductChange.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			seen <- ctx.Value(key{})
			return next.Query(ctx, q)
		})
	}))
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "of the watcher"))
	ended := make(chan error, 1)
	go func() {
		ended <- f.Watch(ctx, &catalogv1.WatchProductChangesRequest{}, time.Hour,
			func(*catalogv1.WatchProductChangesResponse) error { return nil })
	}()
	require.ElementsMatch(t, []any{nil, "of the watcher"}, []any{<-seen, <-seen}, "the feed, and the watcher itself")
	cancel()
	<-ended
}
