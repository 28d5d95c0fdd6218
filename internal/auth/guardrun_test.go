package auth

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// A call outlives the last check that succeeded by no more than the bound, whenever checks begin to fail or to hang.
func TestGuardKeepsItsBoundWhileChecksHang(t *testing.T) {
	for hangs := time.Duration(0); hangs <= guardBound; hangs += 50 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			call, end := context.WithCancelCause(t.Context())
			g := &Guard{soon: make(chan struct{}, 1), held: map[*hold]bool{{end: end}: true}}
			g.look = func(ctx context.Context, timeout time.Duration) error {
				if time.Since(start) < hangs {
					return errors.New("no connection")
				}
				ctx, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				<-ctx.Done()
				return ctx.Err()
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			time.AfterFunc(hangs, func() { g.soon <- struct{}{} })
			go g.run(ctx)
			<-call.Done()
			require.True(t, fault.Is(context.Cause(call), fault.DatabaseUnavailable))
			require.LessOrEqual(t, time.Since(start), guardBound, "hangs after %v", hangs)
			require.GreaterOrEqual(t, time.Since(start), guardBound-guardFloor, "hangs after %v", hangs)
		})
	}
}

func TestGuardChecksWithoutTheValuesOfACall(t *testing.T) {
	type key struct{}
	g := NewGuard(dbtest.New(t, "sqlite"))
	seen := make(chan any, 1)
	g.look = func(ctx context.Context, _ time.Duration) error {
		select {
		case seen <- ctx.Value(key{}):
		default:
		}
		return nil
	}
	p := Principal{SessionID: uuid.New(), ExpireTime: time.Now().Add(wait.Patience)}
	_, release := g.Hold(context.WithValue(t.Context(), key{}, "of the call"), p)
	defer release()
	require.Nil(t, <-seen)
}
