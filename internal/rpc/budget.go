package rpc

import (
	"sync"
	"time"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	// budgetRequests is half the size of the budget in requests of the maximum size that are read and decoded at once.
	budgetRequests = 4
	// networkShares is the part of the budget that one caller's network can take: one in so many. Anonymous callers
	// together can take the same part, and one network the same part of theirs.
	networkShares = 2
	// overloadRetryAfter is the retry delay for callers while the budget is spent.
	overloadRetryAfter = time.Second
)

// budget bounds the memory, in bytes, of all requests of the process that are being read and decoded. It refuses
// instead of waiting: a waiting request would hold memory too.
type budget struct {
	mu        sync.Mutex
	left      int64
	anonymous int64 // left to anonymous callers
	share     int64 // of one network
	taken     map[payer]int64
}

// payer is whose share of the budget a request takes.
type payer struct {
	network   string
	anonymous bool // without a valid token, which is checked before a body is read
}

func newBudget(size int64) *budget {
	return &budget{left: size, anonymous: size / networkShares, share: size / networkShares, taken: map[payer]int64{}}
}

// take reserves n bytes for a request. Returns false if the budget, or the payer's share, is spent.
func (b *budget) take(p payer, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	share := b.share
	if p.anonymous {
		if share /= networkShares; n > b.anonymous {
			return false
		}
	}
	if n > b.left || n > share-b.taken[p] {
		return false
	}
	b.add(p, n)
	return true
}

// give returns n bytes.
func (b *budget) give(p payer, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(p, -n)
}

func (b *budget) add(p payer, n int64) {
	b.left -= n
	if p.anonymous {
		b.anonymous -= n
	}
	if b.taken[p] += n; b.taken[p] <= 0 {
		delete(b.taken, p)
	}
}

func overloaded() *fault.Error {
	return fault.New(fault.Throttled, fault.ServerOverloaded,
		"The server is reading too many large requests at once; try again in a moment.").After(overloadRetryAfter)
}
