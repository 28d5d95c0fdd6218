package auth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// requireEnd waits for the end of a call and requires its reason.
func requireEnd(t *testing.T, call context.Context, want fault.Reason) { //nolint:revive // the call is what ends
	t.Helper()
	select {
	case <-call.Done():
	case <-time.After(wait.Patience):
		require.FailNow(t, "the call goes on", want)
	}
	require.True(t, fault.Is(context.Cause(call), want), "%v", context.Cause(call))
}

func (w *world) hold(t *testing.T, g *auth.Guard, grant auth.Grant) context.Context {
	t.Helper()
	p, err := w.auth.Authenticate(t.Context(), grant.AccessToken)
	require.NoError(t, err)
	call, release := g.Hold(t.Context(), p)
	t.Cleanup(release)
	return call
}

// Ends that publish a message, and those that only a check finds.
func TestGuardEndsCallsWithTheirSession(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, tx *ent.Tx, w *world) error{
		"the session ends": func(ctx context.Context, tx *ent.Tx, w *world) error {
			_, err := auth.EndSession(ctx, tx, w.grant.SessionID)
			return err
		},
		"the administrator is disabled": func(ctx context.Context, tx *ent.Tx, w *world) error {
			return tx.Admin.UpdateOneID(w.admin.ID).SetDisabled(true).Exec(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				require.NoError(t, d.Watch(t.Context()))
				g := auth.NewGuard(d)
				first, second := w.hold(t, g, w.grant), w.hold(t, g, w.grant)
				w.tx(t, func(ctx context.Context, tx *ent.Tx) error { return end(ctx, tx, w) })
				requireEnd(t, first, fault.SessionEnded)
				requireEnd(t, second, fault.SessionEnded)
			})
		})
	}
}

func TestGuardLeavesOtherCallsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		g := auth.NewGuard(d)
		var calls []context.Context
		for range 3 { // a number of sessions that is no power of two
			calls = append(calls, w.hold(t, g, w.start(t, t.Context())))
		}
		ended := w.hold(t, g, w.grant)
		w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
			_, err := auth.EndSession(ctx, tx, w.grant.SessionID)
			return err
		})
		requireEnd(t, ended, fault.SessionEnded)
		for _, call := range calls {
			require.NoError(t, call.Err())
		}
	})
}

func TestGuardEndsCallsWithTheirToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		g := auth.NewGuard(d)
		p, err := w.auth.Authenticate(t.Context(), w.grant.AccessToken)
		require.NoError(t, err)
		later, release := g.Hold(t.Context(), p)
		defer release()
		p.ExpireTime = time.Now()
		call, release := g.Hold(t.Context(), p)
		defer release()
		requireEnd(t, call, fault.TokenExpired)
		require.NoError(t, later.Err())
	})
}

func TestGuardEndsCallsThatCannotBeChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		call := w.hold(t, auth.NewGuard(d), w.grant)
		require.NoError(t, d.Close())
		requireEnd(t, call, fault.DatabaseUnavailable)
	})
}

func TestGuardEndsWithTheCall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		g := auth.NewGuard(d)
		p, err := w.auth.Authenticate(t.Context(), w.grant.AccessToken)
		require.NoError(t, err)
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		call, release := g.Hold(ctx, p)
		cancel(gone)
		<-call.Done()
		require.ErrorIs(t, context.Cause(call), gone)
		release()
		requireEnd(t, w.ended(t, g), fault.SessionEnded) // the checks begin again with the next call
	})
}

// ended returns a call whose session has ended since.
func (w *world) ended(t *testing.T, g *auth.Guard) context.Context {
	t.Helper()
	call := w.hold(t, g, w.grant)
	w.tx(t, func(ctx context.Context, tx *ent.Tx) error {
		_, err := auth.EndSession(ctx, tx, w.grant.SessionID)
		return err
	})
	return call
}
