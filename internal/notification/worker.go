package notification

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/internal/clock"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

const (
	// firstWait is the delay after the first failure. Each later delay is twice as long.
	firstWait = 2 * time.Second
	// longestWait caps the delay after a failure.
	longestWait = 30 * time.Minute
	// endless is the maximum number of attempts of jobs whose loss would lose mails: the largest value of the column.
	// The state of their rows ends them, not River's count.
	endless = 32767
	// insertChunk is the maximum number of rows in one statement, because databases limit its parameters.
	insertChunk = 1000
	// maxAttempts is the maximum number of attempts of a delivery: they span about five hours.
	maxAttempts = 20
)

// Deps are the dependencies of the workers.
type Deps struct {
	DB     *db.DB
	Queue  *queue.Queue
	Mailer mail.Mailer
	// From is the sender of every mail.
	From netmail.Address
	// PublicURL is the public URL of the catalog, without a trailing slash.
	PublicURL string
	// Rate is the rate limit of outgoing mails a second, on average; 0 means unlimited.
	Rate float64
	// Resend makes mails go out again whose outcome is unknown and that the mail server does not let us look up; else
	// they are held.
	Resend bool
	// Health is shared with the Service.
	Health *Health
	Log    *slog.Logger
}

// Register adds the workers of every job that leads to a mail.
func Register(workers *river.Workers, deps Deps) {
	deps.PublicURL = strings.TrimRight(deps.PublicURL, "/")
	d := &deliverer{Deps: deps, pace: newPacer(deps.DB, deps.Queue, deps.Log, deps.Rate)}
	river.AddWorker(workers, &notifyWorker{worker: worker[queue.NotifyArgs]{clock: deps.DB.Clock()}, Deps: deps})
	river.AddWorker(workers, &accountWorker{worker: worker[queue.AccountMailArgs]{clock: deps.DB.Clock()}, Deps: deps})
	river.AddWorker(workers, &noticeWorker{worker: worker[queue.SecurityNoticeArgs]{clock: deps.DB.Clock()}, Deps: deps})
	river.AddWorker(workers, &deliverWorker{worker: worker[queue.DeliverArgs]{clock: deps.DB.Clock()}, deliverer: d})
	river.AddWorker(workers, &linkWorker{worker: worker[queue.DeliverLinkArgs]{clock: deps.DB.Clock()}, deliverer: d})
	river.AddWorker(workers, &noticeSender{worker: worker[queue.DeliverNoticeArgs]{clock: deps.DB.Clock()}, deliverer: d})
}

// worker is the base of jobs that fail only if the database does: errors of the mail server are recorded in the
// deliveries.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]

	clock *clock.Clock
}

// NextRetry is the backoff of the catalog instead of River's: it is short at first.
func (w worker[T]) NextRetry(job *river.Job[T]) time.Time {
	return w.clock.Now().Add(backoff(job.Attempt))
}

// messageID returns the Message-ID for a unique name.
func (d *Deps) messageID(name string) string {
	_, domain, _ := strings.Cut(d.From.Address, "@")
	return name + "@" + domain
}

// backoff returns the delay after so many failed attempts: exponential, with a jitter of 20 % so that jobs that failed
// together do not retry together.
func backoff(attempts int) time.Duration {
	wait := longestWait
	if attempts <= maxAttempts { // also bounds the shift
		wait = min(longestWait, firstWait<<max(attempts-1, 0))
	}
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails
	share := int64(binary.BigEndian.Uint16(random[:]))
	return wait*4/5 + time.Duration(int64(wait)*2/5*share>>16)
}
