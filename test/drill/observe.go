package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/zebrands/catalog/test/fleet"
)

const (
	// probePause is what lies between two looks at a replica.
	probePause = 50 * time.Millisecond
	// hangTime is what a caller waits for an answer: longer than any server may take.
	hangTime = requestTimeout + 20*time.Second
)

// observation is what was seen of one scenario, from outside.
type observation struct {
	scenario scenario
	// begin and end are those of the load; since is the sequence number of the last change before it.
	begin, end time.Time
	since      int64

	mu       sync.Mutex
	calls    map[string]*tally // through nginx, by the name of the call
	probes   []*tally          // of each replica, past nginx
	failures []failure
	reads    map[string]*reads // by product
	changes  map[string]*attempt
	acks     []moment // of the clock's changes
	looks    []look
	switches [replicas][]change
	outages  []outage
	// recordings are of the calls that compete for registers.
	recordings []*recording
	// repeated is how many reads nginx sent again, because a replica took them and never answered.
	repeated int64

	broken []string
	counts counts
}

// tally counts calls.
type tally struct {
	sent, answered int
	slowest        time.Duration
}

// failure is a call without a good answer. Without a reason it has no answer of the catalog at all.
type failure struct {
	kind, via  string
	replica    int // -1 for nginx
	begin, end time.Time
	code       connect.Code
	reason     string
	text       string
}

func (f failure) String() string {
	return fmt.Sprintf("%s, %s, after %s: %s", f.kind, f.via, f.end.Sub(f.begin).Round(time.Millisecond), f.text)
}

// class is what a caller can go by.
func (f failure) class() string {
	if f.reason == "" {
		return fmt.Sprint(f.code, ", no answer")
	}
	return fmt.Sprint(f.code, " ", f.reason)
}

// reads is how often a product was in an answer, and how often it may have been in one that was lost.
type reads struct{ views, impressions, lostViews, lostImpressions int64 }

// attempt is a change that somebody asked for.
type attempt struct {
	answered bool
	found    int // in the history
}

// moment is when the clock's product had a number, as far as its writer knows.
type moment struct {
	n  int
	at time.Time
}

// look is an answer about the clock's product.
type look struct {
	moment

	replica int
}

// change is when the readiness of a replica changed.
type change struct {
	at    time.Time
	ready bool
}

// outage is when something was broken: from just before it happened, and just after, until it was mended.
type outage struct {
	what                  string
	replicas              []int // that suffer
	began, struck, mended time.Time
}

func newObservation(s scenario) *observation {
	o := &observation{
		scenario: s, calls: map[string]*tally{}, reads: map[string]*reads{}, changes: map[string]*attempt{},
	}
	for range replicas {
		o.probes = append(o.probes, &tally{})
	}
	return o
}

// nginx is the number, in place of a replica's, of calls through nginx.
const nginx = -1

// call makes a call and notes how it went. Calls are never cut short: load that ends lets them end.
func (o *observation) call(ctx context.Context, kind, via string, replica int, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hangTime)
	defer cancel()
	begin := time.Now()
	err := do(ctx)
	end := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tally(kind, replica)
	t.sent++
	t.slowest = max(t.slowest, end.Sub(begin))
	if err == nil {
		t.answered++
		return nil
	}
	o.failures = append(o.failures, failure{
		kind: kind, via: via, replica: replica, begin: begin, end: end,
		code: connect.CodeOf(err), reason: reasonOf(err), text: err.Error(),
	})
	return err
}

func (o *observation) tally(kind string, replica int) *tally {
	if replica != nginx {
		return o.probes[replica]
	}
	if o.calls[kind] == nil {
		o.calls[kind] = &tally{}
	}
	return o.calls[kind]
}

// reasonOf returns the catalog's reason for an error, empty if the error is not the catalog's.
func reasonOf(err error) string {
	var e *connect.Error
	if !errors.As(err, &e) {
		return ""
	}
	for _, detail := range e.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				return info.GetReason()
			}
		}
	}
	return ""
}

// read notes which products an answer held, or may have held if there was none.
func (o *observation) read(err error, impression bool, ids ...string) {
	if err != nil && reasonOf(err) != "" {
		return // the catalog has refused, and counts nothing
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		r := o.reads[id]
		if r == nil {
			r = &reads{}
			o.reads[id] = r
		}
		switch {
		case impression && err == nil:
			r.impressions++
		case impression:
			r.lostImpressions++
		case err == nil:
			r.views++
		default:
			r.lostViews++
		}
	}
}

// attempted notes a change by what the history will call it.
func (o *observation) attempted(key string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changes[key] = &attempt{answered: err == nil}
}

func (o *observation) acked(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.acks = append(o.acks, moment{n: n, at: time.Now()})
}

func (o *observation) looked(replica, n int, begin time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.looks = append(o.looks, look{moment: moment{n: n, at: begin}, replica: replica})
}

// watch notes when a replica is ready, until ctx is done.
func (o *observation) watch(ctx context.Context, replica int, p *fleet.Process) {
	was := true
	for pause(ctx, probePause) {
		asking, cancel := context.WithTimeout(ctx, requestTimeout)
		ready := p.Ready(asking)
		cancel()
		if ready == was || ctx.Err() != nil {
			continue
		}
		was = ready
		o.mu.Lock()
		o.switches[replica] = append(o.switches[replica], change{at: time.Now(), ready: ready})
		o.mu.Unlock()
	}
}

// readiness returns how long after an outage began a replica was no longer ready, and how long after it
// was mended it was ready again; negative if it never was. It may be ready a moment before the mending is noted.
func (o *observation) readiness(out outage, replica int) (gone, back time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.switches[replica]
	gone, back = after(all, out.began, false), after(all, out.mended, true)
	later := slices.IndexFunc(all, func(c change) bool { return c.at.After(out.mended) })
	if later < 0 {
		later = len(all)
	}
	if later > 0 && all[later-1].ready && all[later-1].at.After(out.began) {
		back = 0
	}
	return gone, back
}

func after(all []change, moment time.Time, ready bool) time.Duration {
	i := slices.IndexFunc(all, func(c change) bool { return c.ready == ready && c.at.After(moment) })
	if i < 0 {
		return -1
	}
	return all[i].at.Sub(moment)
}

// pause waits, and reports whether ctx is not done.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
