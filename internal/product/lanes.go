package product

import (
	"context"
	"sync"
	"time"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// laneWidth is the number of lists that anonymous callers of one network load at the same time. SQLite has eight
	// connections that read.
	laneWidth = 4
	// laneLength is the number of those that load or wait for their turn.
	laneLength = 32
)

// lanes bounds the lists that anonymous callers of one network load from the database at the same time, so that one
// network cannot keep the database from answering others. The zero lanes is ready to use.
type lanes struct {
	mu        sync.Mutex
	byNetwork map[string]*lane
}

// lane is the queue of a network.
type lane struct {
	slots   chan struct{}
	pending int
}

// enter waits for a turn and returns the function that ends it. Returns RATE_LIMITED if too many wait already, and the
// context's error if it is done first.
func (l *lanes) enter(ctx context.Context) (leave func(), err error) {
	network := auth.ClientFrom(ctx).Network()
	lane, ok := l.join(network)
	if !ok {
		return nil, fault.New(fault.Throttled, fault.RateLimited,
			"Too many lists are being read from your network at the same time. Try again.").After(time.Second)
	}
	select {
	case lane.slots <- struct{}{}:
		return func() { <-lane.slots; l.part(network) }, nil
	case <-ctx.Done():
		l.part(network)
		return nil, ctx.Err()
	}
}

func (l *lanes) join(network string) (*lane, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byNetwork == nil {
		l.byNetwork = map[string]*lane{}
	}
	found := l.byNetwork[network]
	if found == nil {
		found = &lane{slots: make(chan struct{}, laneWidth)}
		l.byNetwork[network] = found
	}
	if found.pending >= laneLength {
		return nil, false
	}
	found.pending++
	return found, true
}

func (l *lanes) part(network string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.byNetwork[network]
	lane.pending--
	if lane.pending == 0 {
		delete(l.byNetwork, network)
	}
}

// inLane returns load with the bound on anonymous callers.
func inLane[T any](l *lanes, load func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		if _, isAdmin := auth.PrincipalFrom(ctx); isAdmin {
			return load(ctx)
		}
		leave, err := l.enter(ctx)
		if err != nil {
			var none T
			return none, err
		}
		defer leave()
		return load(ctx)
	}
}
