package queue

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/clock"
	"github.com/zebrands/catalog/internal/db"
)

const (
	// wakeTopic is the topic of messages about new jobs: "LANE DUE", in microseconds since 1970.
	wakeTopic = "jobs"
	// insertTopic is the topic on which River listens for inserted jobs.
	insertTopic = "river_insert"
	// wakeHorizon is how long before its due time a job gets a timer. Polling finds later ones.
	wakeHorizon = 2 * time.Minute
)

// announce notifies all workers of inserted jobs when the transaction tx commits.
func announce(ctx context.Context, tx *ent.Tx, now time.Time, inserted []*rivertype.JobInsertResult) error {
	due := map[string]time.Time{}
	for _, result := range inserted {
		lane, at := result.Job.Queue, result.Job.ScheduledAt
		if first, ok := due[lane]; !ok || at.Before(first) {
			due[lane] = at
		}
	}
	for lane, at := range due {
		if at.Sub(now) > wakeHorizon {
			continue
		}
		if err := db.Publish(ctx, tx, wakeTopic, lane+" "+strconv.FormatInt(at.UnixMicro(), 10)); err != nil {
			return err
		}
	}
	return nil
}

// wakingDriver gives River a listener that uses the catalog's own database connection, or on SQLite works within the
// process. River's listener for database/sql requires a pool of another driver, pgx, and its driver for SQLite polls.
type wakingDriver struct {
	riverdriver.Driver[*sql.Tx]

	waker *waker
}

// SupportsListener reports that there is a listener.
func (wakingDriver) SupportsListener() bool { return true }

// GetListener returns the listener.
func (d wakingDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.waker
}

// waker is River's listener. It notifies River when jobs of a lane are due. River finds the events of its other topics
// by polling.
type waker struct {
	clock *clock.Clock
	ready chan struct{} // has an element while due is not empty

	mu     sync.Mutex
	closed bool
	due    map[string]bool // lanes
	timers map[string]*time.Timer
}

func newWaker(c *clock.Clock) *waker {
	return &waker{clock: c, ready: make(chan struct{}, 1), due: map[string]bool{}, timers: map[string]*time.Timer{}}
}

// hear handles a message of announce. It rounds due times up a little, so that many jobs share a timer.
func (w *waker) hear(message string) {
	lane, text, _ := strings.Cut(message, " ")
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // from a release with a longer format
		w.wake(lane)
		return
	}
	at := time.UnixMicro(micros).Add(fetchPause - 1).Truncate(fetchPause)
	wait := w.clock.Until(time.UnixMicro(micros))
	if wait <= 0 {
		w.wake(lane)
		return
	}
	if wait > wakeHorizon {
		return
	}
	key := fmt.Sprint(lane, " ", at.UnixMicro())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.timers[key] != nil {
		return
	}
	w.timers[key] = time.AfterFunc(w.clock.Until(at), func() {
		w.mu.Lock()
		delete(w.timers, key)
		w.mu.Unlock()
		w.wake(lane)
	})
}

// wake marks jobs of a lane as due.
func (w *waker) wake(lane string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due[lane] = true
	w.signal()
}

// signal must be called with the lock held.
func (w *waker) signal() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// stop stops all timers.
func (w *waker) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, timer := range w.timers {
		timer.Stop()
	}
}

// WaitForNotification waits until jobs of a lane are due. When ctx ends, it returns ctx's error: River logs its
// cause, which is that the service stops, as a failure.
func (w *waker) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for jobs: %w", ctx.Err())
		case <-w.ready:
		}
		if lane, ok := w.take(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue":%q}`, lane)}, nil
		}
	}
}

func (w *waker) take() (lane string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for lane = range w.due {
		delete(w.due, lane)
		ok = true
		break
	}
	if len(w.due) > 0 {
		w.signal()
	}
	return lane, ok
}

// Connect does nothing: the database owns the connection.
func (*waker) Connect(context.Context) error { return nil }

// Close does nothing.
func (*waker) Close(context.Context) error { return nil }

// Listen does nothing: the topic of inserts is always subscribed.
func (*waker) Listen(context.Context, string) error { return nil }

// Unlisten does nothing.
func (*waker) Unlisten(context.Context, string) error { return nil }

// Ping does nothing: the database monitors its connection.
func (*waker) Ping(context.Context) error { return nil }

// Schema returns "", as in River's configuration.
func (*waker) Schema() string { return "" }

// SetAfterConnectExec does nothing.
func (*waker) SetAfterConnectExec(string) {}
