package tracking

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Quotas of transitions, for each process and hour.
const (
	// pairQuota is how many transitions from one product to another one network contributes. Recommendations need more:
	// see package product.
	pairQuota = 2
	// networkQuota is how many transitions one network contributes.
	networkQuota = 2000
	// quotaCells bounds the memory: some 10 MB.
	quotaCells = 200_000
)

// quota bounds what one network contributes to transitions, so that it cannot push a product into another's list. It
// knows networks by a hash whose key is random and changes every hour. The zero quota is ready to use.
type quota struct {
	mu   sync.Mutex
	hour time.Time
	key  maphash.Seed
	used map[uint64]int
}

// spend reports whether a transition counts, and counts it. When the memory is used up, none counts until the next
// hour.
func (q *quota) spend(now time.Time, network string, from, to uuid.UUID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if hour := now.Truncate(time.Hour); !hour.Equal(q.hour) {
		q.hour, q.key, q.used = hour, maphash.MakeSeed(), map[uint64]int{}
	}
	all := maphash.String(q.key, network)
	pair := maphash.String(q.key, network+string(from[:])+string(to[:]))
	if q.used[all] >= networkQuota || q.used[pair] >= pairQuota || len(q.used)+2 > quotaCells {
		return false
	}
	q.used[all]++
	q.used[pair]++
	return true
}
