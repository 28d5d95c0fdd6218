package product

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/wait"
)

// load is a load that a test controls.
type load struct {
	began, end chan struct{}
	canceled   chan error
}

func newLoad() load {
	return load{began: make(chan struct{}, 1), end: make(chan struct{}), canceled: make(chan error, 1)}
}

func (l load) run(ctx context.Context) (int, error) {
	l.began <- struct{}{}
	select {
	case <-l.end:
		return 1, nil
	case <-ctx.Done():
		l.canceled <- ctx.Err()
		return 0, ctx.Err()
	}
}

type landed struct {
	value int
	err   error
}

// board calls fly beside the test, and returns when the call waits in the flight.
func board(ctx context.Context, t *testing.T, fs *flights, load func(context.Context) (int, error)) <-chan landed {
	t.Helper()
	before, result := fs.waiting(), make(chan landed, 1)
	go func() {
		value, err := fly(ctx, fs, "key", load)
		result <- landed{value, err}
	}()
	wait.For(t, func() bool { return fs.waiting() > before })
	return result
}

func (fs *flights) waiting() (n int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.byKey["key"]; f != nil {
		n = f.waiters
	}
	return n
}

func TestALoadGoesOnWhileAnybodyWaits(t *testing.T) {
	var fs flights
	l := newLoad()
	ctx, leave := context.WithCancel(t.Context())
	first := board(ctx, t, &fs, l.run)
	second := board(t.Context(), t, &fs, l.run)
	leave()
	require.Equal(t, landed{0, context.Canceled}, <-first, "nobody waits longer than their context")
	close(l.end)
	require.Equal(t, landed{1, nil}, <-second)
	require.Len(t, l.began, 1)
	require.Empty(t, fs.byKey)
}

func TestTheLastCallerCancelsTheLoad(t *testing.T) {
	var fs flights
	l := newLoad()
	ctx, leave := context.WithCancel(t.Context())
	first, second := board(ctx, t, &fs, l.run), board(ctx, t, &fs, l.run)
	<-l.began
	leave()
	require.ErrorIs(t, (<-first).err, context.Canceled)
	require.ErrorIs(t, (<-second).err, context.Canceled)
	require.Len(t, l.canceled, 1, "the load has ended")
	require.Empty(t, fs.byKey)
	value, err := fly(t.Context(), &fs, "key", func(context.Context) (int, error) { return 2, nil })
	require.NoError(t, err)
	require.Equal(t, 2, value)
}

func TestOthersLoadForThemselvesAfterAFailure(t *testing.T) {
	var fs flights
	end := make(chan struct{})
	first := board(t.Context(), t, &fs, func(context.Context) (int, error) {
		<-end
		return 0, errors.ErrUnsupported
	})
	second := board(t.Context(), t, &fs, func(context.Context) (int, error) { return 2, nil })
	close(end)
	require.Equal(t, landed{0, errors.ErrUnsupported}, <-first)
	require.Equal(t, landed{2, nil}, <-second)
}

// A panic in the load's own goroutine would end the process.
func TestPanicsReachTheCaller(t *testing.T) {
	var fs flights
	defer func() { require.Contains(t, recover(), "boom") }()
	_, err := fly(t.Context(), &fs, "key", func(context.Context) (int, error) { panic("boom") })
	require.Fail(t, "no panic", "%v", err)
}
