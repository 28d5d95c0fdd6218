package fleet

import (
	"slices"
	"sync"
	"time"
)

// limit is a rate limiter. A call over the limit starts a pause, during which it rejects all calls. The zero limit
// allows every call.
type limit struct {
	mu        sync.Mutex
	perSecond int
	pause     time.Duration

	second time.Time // when the second that is counted began
	calls  int       // in that second
	until  time.Time // when the last pause ends
	count  int
	late   []time.Duration
}

func (l *limit) set(perSecond int, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.perSecond, l.pause = perSecond, pause
}

// take returns 0 if a call is allowed, or how long to wait.
func (l *limit) take() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perSecond == 0 {
		return 0
	}
	now := time.Now()
	if now.Before(l.until) {
		l.late = append(l.late, l.pause-l.until.Sub(now))
		return l.until.Sub(now)
	}
	if now.Sub(l.second) >= time.Second {
		l.second, l.calls = now, 0
	}
	l.calls++
	if l.calls <= l.perSecond {
		return 0
	}
	l.until = now.Add(l.pause)
	l.second, l.calls = l.until, 0
	l.count++
	return l.pause
}

func (l *limit) pauses() (count int, late []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count, slices.Clone(l.late)
}
