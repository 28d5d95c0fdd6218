package notification

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/time/rate"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/pause"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
)

const (
	// pauseID is the row that shares the end of a pause among processes. See ADR 22.
	pauseID = "mail"
	// holdTime is how long a job waits for its turn before it frees its worker for another job. It leaves enough of
	// the job's timeout for sending.
	holdTime = 15 * time.Second
	// leastSnooze is the minimum delay of a job that frees its worker.
	leastSnooze = time.Second
	// manyCalls is the concurrency at which slow start ends: from there on it is unlimited.
	manyCalls = 1 << 10
)

// pacer is the rate limiter and circuit breaker of outgoing mail. After the mail server rejects a call with a rate
// limit, no process sends until its Retry-After has passed. After a pause each process probes with one call, then
// raises its concurrency by one for each call that succeeds (slow start).
//
// Jobs wait for their turn in their workers. Other jobs stay in the queue, so a pause causes no writes, however many
// mails wait.
type pacer struct {
	db      *db.DB
	queue   *queue.Queue
	log     *slog.Logger
	limiter *rate.Limiter // nil without a rate limit

	mu    sync.Mutex
	until time.Time // the end of the last pause
	pause int       // the number of pauses
	calls int       // calls in progress
	most  int       // the maximum of calls
	freed chan struct{}
}

// newPacer returns a pacer with a rate limit in mails a second; 0 is unlimited.
func newPacer(d *db.DB, q *queue.Queue, log *slog.Logger, ceiling float64) *pacer {
	p := &pacer{db: d, queue: q, log: log, most: manyCalls, freed: make(chan struct{})}
	if ceiling > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(ceiling), int(math.Ceil(ceiling)))
	}
	return p
}

// enter waits until so many mails may be sent, and returns the function that ends the call. Returns a
// *river.JobSnoozeError if the job must run again later instead.
func (p *pacer) enter(ctx context.Context, mails int, urgent bool) (leave func(), err error) {
	limit := time.Now().Add(holdTime)
	if err := p.reserve(ctx, mails, urgent); err != nil {
		return nil, err
	}
	for {
		until, err := pausedUntil(ctx, p.db)
		if err != nil {
			return nil, err
		}
		wait, freed, leave := p.take(until)
		if leave != nil {
			return leave, nil
		}
		if time.Now().After(limit) {
			return nil, river.JobSnooze(max(wait, leastSnooze))
		}
		if freed != nil || time.Until(limit) < wait {
			wait = time.Until(limit)
		}
		if err := p.wait(ctx, wait, freed); err != nil {
			return nil, err
		}
	}
}

// reserve waits for the rate limit. A call with more recipients than a second allows waits only for a second's share;
// later calls wait for the rest. An urgent call does not wait, but counts.
func (p *pacer) reserve(ctx context.Context, mails int, urgent bool) error {
	if p.limiter == nil {
		return nil
	}
	share := p.limiter.Burst()
	first := p.limiter.ReserveN(time.Now(), min(mails, share))
	delay := first.Delay()
	if delay > holdTime && !urgent {
		first.Cancel()
		if err := p.wait(ctx, holdTime, nil); err != nil {
			return err
		}
		return river.JobSnooze(leastSnooze)
	}
	for mails -= share; mails > 0; mails -= share {
		p.limiter.ReserveN(time.Now(), min(mails, share))
	}
	if urgent {
		return nil
	}
	return p.wait(ctx, delay, nil)
}

// take begins a call, and returns the function that ends it. Without one, try again after wait or when freed is
// closed.
func (p *pacer) take(until time.Time) (wait time.Duration, freed <-chan struct{}, leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.see(until)
	if wait = p.db.Clock().Until(p.until); wait > 0 {
		return wait, nil, nil
	}
	if p.calls >= p.most {
		return 0, p.freed, nil
	}
	p.calls++
	before := p.pause
	return 0, nil, func() { p.leave(before) }
}

// leave ends a call. If no pause began meanwhile, it raises the concurrency limit by one.
func (p *pacer) leave(before int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls--
	if before == p.pause && p.most < manyCalls {
		p.most++
	}
	close(p.freed)
	p.freed = make(chan struct{})
}

// see records a pause, unless a known one ends as late.
func (p *pacer) see(until time.Time) {
	if until.After(p.until) {
		p.until, p.most = until, 1
		p.pause++
	}
}

// paused returns the remaining time of the pause that this process knows of.
func (p *pacer) paused() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.db.Clock().Until(p.until)
}

// stop pauses sending in all processes.
func (p *pacer) stop(ctx context.Context, wait time.Duration) error {
	until := p.db.Now().Add(wait)
	if p.paused() <= 0 {
		p.log.WarnContext(ctx, "mail is paused: the mail server's rate limit is reached", "until", until)
	}
	p.mu.Lock()
	p.see(until)
	p.mu.Unlock()
	return p.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		err := tx.Pause.Create().SetID(pauseID).SetEndTime(until).
			OnConflictColumns(pause.FieldID).Ignore().Exec(ctx)
		if err != nil {
			return fmt.Errorf("pause mail: %w", err)
		}
		return tx.Pause.Update().Where(pause.ID(pauseID), pause.EndTimeLT(until)).
			SetEndTime(until).Exec(ctx)
	})
}

// pausedUntil returns the end of the last pause of any process, which may be in the past; the zero time if there was
// none.
func pausedUntil(ctx context.Context, d *db.DB) (time.Time, error) {
	row, err := d.Reader().Pause.Get(ctx, pauseID)
	if ent.IsNotFound(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the pause of mail: %w", err)
	}
	return row.EndTime, nil
}

// wait waits for d or until freed is closed. During a graceful shutdown it snoozes the job for another process.
func (p *pacer) wait(ctx context.Context, d time.Duration, freed <-chan struct{}) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-freed:
		return nil
	case <-p.queue.Stopping():
		return river.JobSnooze(0)
	case <-ctx.Done():
		return ctx.Err()
	}
}
