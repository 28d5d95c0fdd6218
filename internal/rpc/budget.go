package rpc

import (
	"sync"
	"time"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	// budgetRequests is the size of the budget in requests of the maximum size that are read and decoded at once.
	budgetRequests = 4
	// networkShares is the part of the budget that one caller's network can take: one in so many.
	networkShares = 2
	// overloadRetryAfter is the retry delay for callers while the budget is spent.
	overloadRetryAfter = time.Second
)

// budget bounds the memory, in bytes, of all requests of the process that are being read and decoded. It refuses
// instead of waiting, because who waits holds memory too.
type budget struct {
	mu    sync.Mutex
	left  int64
	share int64 // of one network
	taken map[string]int64
}

func newBudget(size int64) *budget {
	return &budget{left: size, share: size / networkShares, taken: map[string]int64{}}
}

// take reserves n bytes for a request from a network. Returns false if the budget, or the network's share, is spent.
func (b *budget) take(network string, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left || n > b.share-b.taken[network] {
		return false
	}
	b.left -= n
	b.taken[network] += n
	return true
}

// give returns n bytes.
func (b *budget) give(network string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
	if b.taken[network] -= n; b.taken[network] <= 0 {
		delete(b.taken, network)
	}
}

func overloaded() *fault.Error {
	return fault.New(fault.Throttled, fault.ServerOverloaded,
		"The server is reading too many large requests at once; try again in a moment.").After(overloadRetryAfter)
}
