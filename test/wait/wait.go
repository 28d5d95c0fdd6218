// Package wait bounds how long tests wait for something that happens beside them.
package wait

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Patience is how long a test waits before it fails. It is far longer than anything takes, also on a machine
// that many others use: only a test that fails waits so long.
const Patience = 3 * time.Minute

// tick is the time between two looks at a condition.
const tick = 10 * time.Millisecond

// For returns when condition is true, and fails the test if it is not for Patience. It calls condition in the
// test's own goroutine.
func For(t testing.TB, condition func() bool, message ...any) {
	t.Helper()
	poll := time.NewTicker(tick)
	defer poll.Stop()
	for deadline := time.Now().Add(Patience); !condition(); <-poll.C {
		if time.Now().After(deadline) {
			require.Fail(t, "the condition was not met in "+Patience.String(), message...)
		}
	}
}

// Context returns a context that ends with the test, or after Patience.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), Patience)
	t.Cleanup(cancel)
	return ctx
}
