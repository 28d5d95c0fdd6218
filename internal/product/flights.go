package product

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights share loads between concurrent callers with the same key. Unlike those of x/sync/singleflight, a load does
// not depend on its first caller: it goes on while anybody waits for it, and each caller waits only as long as its own
// context lasts. The zero flights is ready to use.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

// flight is a load.
type flight struct {
	cancel  context.CancelFunc
	waiters int
	// done is closed after the others are set.
	done     chan struct{}
	value    any
	err      error
	panicked any
}

// fly returns the result of load, which callers with the same key share. load has the values of the first caller's
// context. If it fails, the other callers load for themselves.
//
// The last caller that gives up cancels the load and waits for its end, so that a bound on callers bounds loads too.
func fly[T any](
	ctx context.Context, fs *flights, key string, load func(ctx context.Context) (T, error),
) (T, error) {
	f, first := fs.join(ctx, key, func(ctx context.Context) (any, error) { return load(ctx) })
	var none T
	select {
	case <-f.done:
	case <-ctx.Done():
		if fs.part(key, f) {
			<-f.done
			f.rethrow()
		}
		return none, ctx.Err()
	}
	f.rethrow()
	switch {
	case f.err == nil:
		return f.value.(T), nil //nolint:errcheck,forcetypeassert // the key determines it
	case first:
		return none, f.err
	}
	return load(ctx)
}

// join returns the flight of a key, which it starts if there is none.
func (fs *flights) join(
	ctx context.Context, key string, load func(ctx context.Context) (any, error),
) (f *flight, first bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f, ok := fs.byKey[key]; ok {
		f.waiters++
		return f, false
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f = &flight{cancel: cancel, waiters: 1, done: make(chan struct{})}
	if fs.byKey == nil {
		fs.byKey = map[string]*flight{}
	}
	fs.byKey[key] = f
	go func() {
		defer close(f.done)
		defer cancel()
		defer fs.forget(key, f)
		defer func() {
			if thrown := recover(); thrown != nil {
				f.panicked = fmt.Sprintf("%v\n\n%s", thrown, debug.Stack())
			}
		}()
		f.value, f.err = load(running)
	}()
	return f, true
}

// part gives a flight up, and reports whether its caller was the last one and has canceled it.
func (fs *flights) part(key string, f *flight) (last bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.waiters--
	if f.waiters > 0 {
		return false
	}
	fs.remove(key, f) // nobody joins a canceled load
	f.cancel()
	return true
}

func (fs *flights) forget(key string, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.remove(key, f)
}

func (fs *flights) remove(key string, f *flight) {
	if fs.byKey[key] == f {
		delete(fs.byKey, key)
	}
}

// rethrow panics if load did, in the goroutine of a caller, whose server survives it.
func (f *flight) rethrow() {
	if f.panicked != nil {
		panic(f.panicked)
	}
}
