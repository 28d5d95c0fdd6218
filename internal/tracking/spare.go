package tracking

import (
	"sync"

	"github.com/google/uuid"
)

// spareCells bounds the sums of reads that the journal could not take: some 15 MB.
const spareCells = 100_000

// spare sums reads in memory while the journal cannot be written, as on a full disk. They are lost if the process is
// killed.
type spare struct {
	mu   sync.Mutex
	live *totals
	// sealed are the sums that are being added to the database under the id. They do not change.
	sealed *totals
	id     string
}

// add adds a read. Returns false if there is no room for its products.
func (s *spare) add(r Read) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live = newTotals()
	}
	size := s.live.size()
	if s.sealed != nil {
		size += s.sealed.size()
	}
	if size+len(r.Products) > spareCells {
		return false
	}
	s.live.add(r)
	return true
}

// seal returns the sums to add to the database next, and the id of their mark: the same ones until done is called.
func (s *spare) seal() (id string, sums *totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sealed == nil {
		if s.live == nil || s.live.empty() {
			return "", newTotals()
		}
		s.id, s.sealed, s.live = uuid.Must(uuid.NewV7()).String(), s.live, nil
	}
	return s.id, s.sealed
}

// done forgets the sealed sums.
func (s *spare) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = nil
}
