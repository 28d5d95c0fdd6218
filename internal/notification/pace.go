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
	// pauseID is the row in which all processes keep until when nothing is sent. See ADR 22.
	pauseID = "mail"
	// holdTime is how long a job waits for its turn before it makes room for another. It leaves enough of
	// a job's time to send.
	holdTime = 15 * time.Second
	// leastSnooze is for how long a job at least makes room for another.
	leastSnooze = time.Second
	// manyCalls is the number of calls at once from which on nothing keeps count.
	manyCalls = 1 << 10
)

// pacer decides when mails are handed over. After the mail server said that there were too many, no
// process sends anything until the time that it gave has passed. Then one call goes first in each
// process, and each that is not refused lets one more go at once than before.
//
// Jobs wait for their turn in their workers. The others stay where they are in the queue, so a pause
// costs no writes, however many mails wait.
type pacer struct {
	db      *db.DB
	queue   *queue.Queue
	log     *slog.Logger
	limiter *rate.Limiter // nil without a ceiling

	mu    sync.Mutex
	until time.Time // when the last pause ends, or ended
	pause int       // counts pauses
	calls int       // are under way
	most  int       // calls may be
	freed chan struct{}
}

// newPacer returns a pacer with a ceiling of so many mails a second; 0 is none.
func newPacer(d *db.DB, q *queue.Queue, log *slog.Logger, ceiling float64) *pacer {
	p := &pacer{db: d, queue: q, log: log, most: manyCalls, freed: make(chan struct{})}
	if ceiling > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(ceiling), int(math.Ceil(ceiling)))
	}
	return p
}

// enter waits until so many mails may be handed over, and returns the function that ends the call.
// Returns a *river.JobSnoozeError if the job is to be worked again later instead.
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

// reserve waits for the ceiling. A call with more recipients than a second allows waits as for a
// second's; the rest of them makes those behind it wait. Who is urgent does not wait, but counts.
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

// take begins a call, and returns how it ends. Otherwise it is to be tried again: after a pause, or
// when freed is closed.
func (p *pacer) take(until time.Time) (wait time.Duration, freed <-chan struct{}, leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.see(until)
	if wait = time.Until(p.until); wait > 0 {
		return wait, nil, nil
	}
	if p.calls >= p.most {
		return 0, p.freed, nil
	}
	p.calls++
	before := p.pause
	return 0, nil, func() { p.leave(before) }
}

// leave ends a call. If no pause began meanwhile, one more may go at once from now on.
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

// see takes note of a pause, unless one that ends as late is known.
func (p *pacer) see(until time.Time) {
	if until.After(p.until) {
		p.until, p.most = until, 1
		p.pause++
	}
}

// paused returns how long this process knows that nothing may be sent.
func (p *pacer) paused() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until)
}

// stop keeps all processes from sending for a time.
func (p *pacer) stop(ctx context.Context, wait time.Duration) error {
	until := now().Add(wait)
	if p.paused() <= 0 {
		p.log.WarnContext(ctx, "mail is paused: the mail server takes no more for now", "until", until)
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

// pausedUntil returns until when some process has paused all, which may be over; the zero time if none has.
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

// wait returns nil after a time, or when freed is closed. If the process stops, the job is for
// whoever comes next.
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
