package notification

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

const (
	// firstWait is how long to wait after the first failure; each further wait is twice as long.
	firstWait = 2 * time.Second
	// longestWait is the longest that a failure makes a mail wait.
	longestWait = 30 * time.Minute
	// endless is how often jobs are tried whose loss would lose mails: as often as the column can count.
	// What ends them is the state of their rows, not River's count.
	endless = 32767
	// insertChunk is how many rows share one statement, or are looked for by one: databases limit its
	// parameters.
	insertChunk = 1000
	// maxTries is how often a mail is tried: for about five hours.
	maxTries = 20
)

// Deps are what the workers need.
type Deps struct {
	DB     *db.DB
	Queue  *queue.Queue
	Mailer mail.Mailer
	// From is the sender of every mail.
	From netmail.Address
	// PublicURL is where people reach the catalog, without a slash at the end.
	PublicURL string
	// Rate is how many mails may be handed over in a second, on average; 0 means any number.
	Rate float64
	Log  *slog.Logger
}

// Register adds the workers of every job that ends in a mail.
func Register(workers *river.Workers, deps Deps) {
	deps.PublicURL = strings.TrimRight(deps.PublicURL, "/")
	d := &deliverer{Deps: deps, pace: newPacer(deps.DB, deps.Queue, deps.Log, deps.Rate)}
	river.AddWorker(workers, &notifyWorker{Deps: deps})
	river.AddWorker(workers, &accountWorker{Deps: deps})
	river.AddWorker(workers, &deliverWorker{deliverer: d})
	river.AddWorker(workers, &linkWorker{deliverer: d})
}

// worker is of a kind of jobs in which only the database can fail: what the mail server says is in the
// deliveries.
type worker[T river.JobArgs] struct{ river.WorkerDefaults[T] }

// NextRetry is soon at first.
func (worker[T]) NextRetry(job *river.Job[T]) time.Time {
	return time.Now().Add(backoff(job.Attempt))
}

// messageID returns the Message-ID for something with a unique name.
func (d *Deps) messageID(name string) string {
	_, domain, _ := strings.Cut(d.From.Address, "@")
	return name + "@" + domain
}

// backoff returns how long to wait after so many tries have failed. A random fifth more or less keeps
// jobs that failed together from coming back together.
func backoff(tries int) time.Duration {
	wait := longestWait
	if tries <= maxTries { // also keeps the shift within bounds
		wait = min(longestWait, firstWait<<max(tries-1, 0))
	}
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails
	share := int64(binary.BigEndian.Uint16(random[:]))
	return wait*4/5 + time.Duration(int64(wait)*2/5*share>>16)
}

// now returns the time as both databases keep it.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
