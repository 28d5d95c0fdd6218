package tracking

import (
	"maps"
	"sync"

	"github.com/google/uuid"
)

// spareCells bounds the memory of reads that the journal could not take: some 15 MB.
const spareCells = 100_000

// spare sums reads in memory while the journal cannot be written, as on a full disk. They are lost if the process is
// killed.
type spare struct {
	mu   sync.Mutex
	live totals
	// sealed are the sums that are being added to the database under the id.
	sealed totals
	id     string
}

// add adds a read. Returns false if there is no room for its products.
func (s *spare) add(r Read) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.live)+len(s.sealed)+len(r.Products) > spareCells {
		return false
	}
	if s.live == nil {
		s.live = totals{}
	}
	s.live.add(r)
	return true
}

// seal returns the sums to add to the database next, and the id of their mark: the same ones until done is called.
func (s *spare) seal() (id string, sums totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sealed) == 0 && len(s.live) > 0 {
		s.id, s.sealed, s.live = uuid.Must(uuid.NewV7()).String(), s.live, nil
	}
	return s.id, maps.Clone(s.sealed)
}

// done forgets the sealed sums.
func (s *spare) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = nil
}
