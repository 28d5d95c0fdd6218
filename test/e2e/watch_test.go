package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// watched is a stream of changes as a program sees it.
type watched struct {
	*connect.ServerStreamForClient[catalogv1.WatchProductChangesResponse]

	cancel context.CancelFunc
}

// watch opens a stream of a server, and takes its first response.
func (s *server) watch(t *testing.T, role, cursor string) watched {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait.Patience)
	t.Cleanup(cancel)
	ctx, call := connect.NewClientContext(ctx)
	call.RequestHeader().Set("Authorization", "Bearer "+s.token(t, role))
	client := catalogv1connect.NewProductServiceClient(http2, s.h2c, connect.WithGRPC())
	stream, err := client.WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{Cursor: cursor})
	require.NoError(t, err)
	require.True(t, stream.Receive(), "%v", stream.Err())
	return watched{stream, cancel}
}

// requireEnd requires a stream to end with an error.
func (w watched) requireEnd(t *testing.T, code, reason string) {
	t.Helper()
	for w.Receive() {
		require.Empty(t, w.Msg().GetChanges())
	}
	require.NoError(t, (&wantError{Code: code, Reason: reason}).check(t, nil, w.Err()))
}

// Two processes share a database: a write and a sign-out in one reach the streams of the other, and a process that
// stops ends its streams.
func TestWatchAcrossProcesses(t *testing.T) {
	t.Parallel()
	database := dbtest.URL(t, "postgres")
	here := prepareOn(t, database, len(accounts))
	there := prepareOn(t, database, 0)
	here.start(t)
	there.start(t)
	stream := here.watch(t, "admin", "")
	ended := here.watch(t, "second", "")
	there.must(t, "admin", "ProductService/CreateProduct", object{"product": product("elsewhere")})
	for _, w := range []watched{stream, ended} {
		require.True(t, w.Receive(), "%v", w.Err())
		require.Equal(t, "elsewhere", w.Msg().GetChanges()[0].GetSku())
	}
	there.tokens["second"] = here.tokens["second"]
	there.must(t, "second", "AuthService/SignOut", object{})
	ended.requireEnd(t, "unauthenticated", "SESSION_ENDED")

	stopped := make(chan error, 1)
	go func() { stopped <- here.process.Stop(wait.Context(t)) }()
	stream.requireEnd(t, "unavailable", "SHUTTING_DOWN")
	require.NoError(t, <-stopped)
}

// Eight writers and one of batches change products at once. Some of them write through the release before, as in a
// rollout. A reader that polls after its last cursor, and one that watches and whose stream breaks now and then, get
// every change once and in order.
func TestNobodyMissesAChangeInARollout(t *testing.T) {
	t.Parallel()
	database := dbtest.URL(t, "postgres")
	before := prepareProgram(t, releaseBefore, t.TempDir(), "CATALOG_DATABASE_URL="+database)
	now := prepareOn(t, database, 1)
	before.start(t)
	now.start(t)
	token := now.token(t, "admin")
	before.tokens["admin"] = token
	all := func() int {
		count, request := 0, object{"pageSize": 1000}
		for {
			page := now.must(t, "admin", "ProductService/ListProductChanges", request)
			count += len(page["changes"].([]any))
			if page["nextPageToken"] == "" {
				return count
			}
			request["pageToken"] = page["nextPageToken"]
		}
	}

	const writers, changes, batches, batch = 8, 40, 12, 20
	var group sync.WaitGroup
	for n := range writers {
		s := []*server{before, now}[n%2]
		created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product(fmt.Sprint("single-", n))})
		id := created["product"].(object)["id"]
		group.Go(func() {
			for i := range changes {
				_, err := s.do(t, protocols()[0], "admin", "ProductService/UpdateProduct",
					object{"product": object{"id": id, "name": fmt.Sprint("Name ", i)}})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Go(func() {
		for i := range batches {
			requests := make([]object, batch)
			for j := range requests {
				requests[j] = object{"product": product(fmt.Sprintf("batch-%d-%d", i, j))}
			}
			s := []*server{before, now}[i%2]
			if _, err := s.do(t, protocols()[0], "admin", "ProductService/BatchCreateProducts", object{"requests": requests}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var written atomic.Bool
	go func() {
		group.Wait()
		written.Store(true)
	}()
	const total = writers*(1+changes) + batches*batch
	watchedAll := make(chan []int64, 1)
	go func() { watchedAll <- watchSequences(t.Context(), now, token, total) }()
	polled := pollSequences(t, now, &written)
	require.Len(t, polled, total)
	require.IsIncreasing(t, polled)
	require.Equal(t, total, all())
	select {
	case got := <-watchedAll:
		require.Equal(t, polled, got)
	case <-time.After(wait.Patience):
		require.FailNow(t, "the watcher misses changes")
	}
}

// pollSequences reads after the last cursor until everything that is written is read.
func pollSequences(t *testing.T, s *server, written *atomic.Bool) []int64 {
	t.Helper()
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Authorization", "Bearer "+s.token(t, "admin"))
	client := catalogv1connect.NewProductServiceClient(http1, s.base)
	var sequences []int64
	cursor := ""
	for ended := false; ; {
		page, err := client.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{
			OrderBy: "sequence", Cursor: cursor, PageSize: 1000,
		})
		require.NoError(t, err)
		cursor = page.GetNextCursor()
		for _, c := range page.GetChanges() {
			sequences = append(sequences, c.GetSequence())
		}
		if ended && len(page.GetChanges()) == 0 {
			return sequences
		}
		ended = written.Load() // everything that is committed by now is read below
	}
}

// watchSequences watches from the beginning, with a new stream after every few responses, until it has as many changes
// as wanted. Returns nil if a stream fails.
func watchSequences(ctx context.Context, s *server, token string, wanted int) []int64 {
	client := catalogv1connect.NewProductServiceClient(&http.Client{Transport: http2.Transport}, s.h2c, connect.WithGRPC())
	var sequences []int64
	ctx, call := connect.NewClientContext(ctx)
	call.RequestHeader().Set("Authorization", "Bearer "+token)
	first, err := client.ListProductChanges(ctx, &catalogv1.ListProductChangesRequest{OrderBy: "sequence", PageSize: 1})
	if err != nil {
		return nil
	}
	cursor := first.GetNextCursor()
	for _, c := range first.GetChanges() {
		sequences = append(sequences, c.GetSequence())
	}
	for len(sequences) < wanted {
		ctx, cancel := context.WithCancel(ctx)
		stream, err := client.WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{Cursor: cursor})
		for n := 0; err == nil && n < 7 && len(sequences) < wanted && stream.Receive(); n++ {
			cursor = stream.Msg().GetCursor()
			for _, c := range stream.Msg().GetChanges() {
				sequences = append(sequences, c.GetSequence())
			}
		}
		if err == nil {
			err = stream.Err()
		}
		cancel()
		if err != nil {
			return nil
		}
	}
	return sequences
}
