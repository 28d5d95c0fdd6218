package queue

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/clock"
)

// River takes everything but context.Canceled for a lost connection, and logs it as an error. It cancels with a
// cause of its own when it stops.
func TestAWaitThatIsCanceledSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("service stopped"))
	_, err := newWaker(clock.Machine()).WaitForNotification(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
