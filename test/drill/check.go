package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/test/fleet"
)

const (
	// settleTime bounds how long mails and counts may take to arrive when everything works again. Mailgun
	// is asked half a minute after a message of which nothing was heard.
	settleTime = 4 * time.Minute
	pageSize   = 1000
)

// counts are the figures of a report.
type counts struct {
	// views are of products, in lists too: those that were answered, those that were counted, and those
	// whose answer was lost, which may have been counted.
	views, counted, lostViews int64
	// changes were answered; lostChanges were not, and may have happened; found are in the history.
	changes, lostChanges, found int
	// mails are what the changes make necessary.
	mails, sent, lost, repeated int
	// oldest is the age of the oldest answer.
	oldest time.Duration
	// swaps are the writes with etags, gets and lists the reads that were checked with them.
	swaps, refusedSwaps, unknownSwaps, gets, lists int
}

// audit is everything that the fleet says about what happened.
type audit struct {
	api        api
	people     []*person
	history    []*catalogv1.ProductChange
	deliveries map[int64][]*catalogv1.Delivery // by the sequence number of a change
	taken      map[string]int                  // how often Mailgun took a mail
	strays     []fleet.Mail                    // that Mailgun took, and no delivery knows
}

// check compares what was seen with what the fleet says, once nothing is left to do.
func (d *drill) check(ctx context.Context, all []*observation) error {
	d.sayf("waiting until every mail is sent and every view is counted")
	unsettled := d.settle(ctx)
	token, err := d.signIn(ctx, d.auditor)
	if err != nil {
		return err
	}
	a := &audit{api: d.ways(token, true).json, people: d.people()}
	if err := errors.Join(a.fetchHistory(ctx), a.fetchDeliveries(ctx, d.mailgun.Taken())); err != nil {
		return err
	}
	var since time.Time // what was sent earlier belongs to an earlier scenario
	for i, o := range all {
		if unsettled != "" {
			o.breaksf("%s", unsettled)
		}
		until, next := int64(math.MaxInt64), time.Now()
		if i+1 < len(all) {
			until, next = all[i+1].since, all[i+1].begin
		}
		o.checkCalls()
		o.checkAge()
		o.checkOrder(d.logs)
		o.checkHistory(a.between(o.since, until))
		o.checkMails(a, a.between(o.since, until))
		o.checkStrays(a, since, next)
		since = next
		if err := o.checkReads(ctx, a.api); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until no job and no segment of a journal is left. Returns what is left.
func (d *drill) settle(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	left := ""
	for pause(ctx, 5*probePause) {
		var jobs int
		err := d.jobs.QueryRowContext(ctx,
			"SELECT count(*) FROM river_job WHERE finalized_at IS NULL AND kind IN ('notify', 'deliver')").Scan(&jobs)
		var segments []string
		for _, replica := range d.replicas {
			more, _ := filepath.Glob(filepath.Join(replica.Dir, "journal", "*.journal")) // the pattern is good
			segments = append(segments, more...)
		}
		if err == nil && jobs == 0 && len(segments) == 0 {
			return ""
		}
		left = fmt.Sprintf("after %s there were still %d jobs and %d segments of journals: %v", settleTime, jobs, len(segments), err)
	}
	return left
}

func (a *audit) fetchHistory(ctx context.Context) error {
	for token := ""; ; {
		page, err := a.api.products.ListProductChanges(ctx,
			&catalogv1.ListProductChangesRequest{PageSize: pageSize, PageToken: token})
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
		a.history = append(a.history, page.GetChanges()...)
		if token = page.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

func (a *audit) fetchDeliveries(ctx context.Context, taken []fleet.Mail) error {
	a.deliveries, a.taken = map[int64][]*catalogv1.Delivery{}, map[string]int{}
	known := map[string]bool{}
	for token := ""; ; {
		page, err := a.api.notifications.ListDeliveries(ctx,
			&catalogv1.ListDeliveriesRequest{PageSize: pageSize, PageToken: token})
		if err != nil {
			return fmt.Errorf("read the deliveries: %w", err)
		}
		for _, delivery := range page.GetDeliveries() {
			known[mailKey(delivery.GetRecipientEmail(), delivery.GetMessageId())] = true
			for _, sequence := range delivery.GetChangeSequences() {
				a.deliveries[sequence] = append(a.deliveries[sequence], delivery)
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for _, mail := range taken {
		ours, theirs := mailKey(mail.To, mail.MessageID), mailKey(mail.To, mail.AnswerID)
		a.taken[ours]++
		if theirs != ours && mail.AnswerID != "" { // the delivery has it, once the answer was heard
			a.taken[theirs]++
		}
		if !known[ours] && !known[theirs] {
			a.strays = append(a.strays, mail)
		}
	}
	return nil
}

func mailKey(to, id string) string { return to + " " + id }

// between returns the changes after one sequence number and up to another.
func (a *audit) between(since, until int64) []*catalogv1.ProductChange {
	var some []*catalogv1.ProductChange
	for _, c := range a.history {
		if c.GetSequence() > since && c.GetSequence() <= until {
			some = append(some, c)
		}
	}
	return some
}

// breaksf notes a broken promise.
func (o *observation) breaksf(format string, args ...any) {
	o.broken = append(o.broken, fmt.Sprintf(format, args...))
}

// checkCalls looks for calls that may not fail, or not like this, or that took too long.
func (o *observation) checkCalls() {
	unexcused := map[string][]failure{}
	for _, f := range o.failures {
		if !o.scenario.excused(o, f) {
			unexcused[f.class()] = append(unexcused[f.class()], f)
		}
	}
	for class, failures := range unexcused {
		o.breaksf("%d calls failed with %s, such as %s", len(failures), class, failures[0])
	}
	const most = requestTimeout + 5*time.Second
	for kind, t := range o.calls {
		if t.slowest > most {
			o.breaksf("a %s took %s, and a request may take %s", kind, t.slowest, requestTimeout)
		}
	}
	if o.scenario.expects != nil {
		o.broken = append(o.broken, o.scenario.expects(o)...)
	}
}

// checkAge looks for answers that were older than they may be: a change that was answered before the
// read began was not in it.
func (o *observation) checkAge() {
	for _, l := range o.looks {
		i, _ := slices.BinarySearchFunc(o.acks, l.n+1, func(m moment, n int) int { return m.n - n })
		if i < len(o.acks) {
			o.counts.oldest = max(o.counts.oldest, l.at.Sub(o.acks[i].at))
		}
	}
	if o.counts.oldest > staleTime {
		o.breaksf("an answer was %s old", o.counts.oldest)
	}
}

// checkOrder looks for an order of the calls that compete for registers in which each has its result: the catalog is
// linearizable. If dir is not empty, it gets a page for each group of calls that has none.
func (o *observation) checkOrder(dir string) {
	for _, r := range o.recordings {
		o.broken = append(o.broken, r.check(dir)...)
		o.counts.swaps += len(r.swaps) - groupSize // creating them is no swap
		o.counts.refusedSwaps += r.numRefused
		o.counts.unknownSwaps += r.numUnknown
		o.counts.lists += len(r.lists)
		for _, gets := range r.gets {
			o.counts.gets += len(gets)
		}
	}
}

// checkHistory looks for every answered change in the history.
func (o *observation) checkHistory(history []*catalogv1.ProductChange) {
	o.counts.found = len(history)
	for _, c := range history {
		if a := o.changes[keyOf(c)]; a != nil {
			a.found++
		} else {
			o.breaksf("nobody made the change %q", keyOf(c))
		}
	}
	for key, a := range o.changes {
		if a.answered {
			o.counts.changes++
		} else {
			o.counts.lostChanges++
		}
		if a.answered && a.found == 0 {
			o.breaksf("%q was answered, and is not in the history", key)
		}
		if a.found > 1 {
			o.breaksf("%q is %d times in the history", key, a.found)
		}
	}
}

// keyOf returns what whoever made a change called it.
func keyOf(c *catalogv1.ProductChange) string {
	switch c.GetOperation() {
	case catalogv1.ProductChange_OPERATION_CREATED:
		return "create " + c.GetSku()
	case catalogv1.ProductChange_OPERATION_DELETED:
		return "delete " + c.GetProductId()
	default:
	}
	for _, f := range c.GetFields() {
		if f.GetField() == "name" {
			return "rename " + c.GetProductId() + " " + f.GetNewValue().GetStringValue()
		}
	}
	return c.String()
}

// checkMails wants every change in exactly one mail to everybody else, which Mailgun took once.
func (o *observation) checkMails(a *audit, history []*catalogv1.ProductChange) {
	mails := map[string]*catalogv1.Delivery{}
	for _, c := range history {
		for _, p := range a.people {
			if p.id == c.GetActorId() {
				continue
			}
			told := 0
			for _, delivery := range a.deliveries[c.GetSequence()] {
				if delivery.GetRecipientId() == p.id {
					mails[delivery.GetId()] = delivery
					told++
				}
			}
			if told == 0 {
				o.counts.lost++
				o.breaksf("nobody told %s of change %d", p.name, c.GetSequence())
			}
			if told > 1 {
				o.counts.repeated++
				o.breaksf("%s was told %d times of change %d", p.name, told, c.GetSequence())
			}
		}
	}
	o.counts.mails = len(mails) + o.counts.lost
	for _, delivery := range mails {
		times := a.taken[mailKey(delivery.GetRecipientEmail(), delivery.GetMessageId())]
		switch {
		case delivery.GetState() != catalogv1.Delivery_STATE_SENT || times == 0:
			o.counts.lost++
			o.breaksf("Mailgun took the mail %s %d times, and the catalog says %s: %s",
				delivery.GetId(), times, delivery.GetState(), delivery.GetLastError())
		case times > 1:
			o.counts.repeated += times - 1
			o.breaksf("Mailgun took the mail %s %d times", delivery.GetId(), times)
		default:
			o.counts.sent++
		}
	}
}

// checkStrays wants every mail that Mailgun took in a delivery.
func (o *observation) checkStrays(a *audit, since, until time.Time) {
	for _, mail := range a.strays {
		if !mail.At.Before(since) && mail.At.Before(until) {
			o.counts.repeated++
			o.breaksf("Mailgun took the mail %s to %s, which no delivery knows", mail.MessageID, mail.To)
		}
	}
}

// checkReads wants every answered read counted once. One whose answer was lost may be counted, as may
// one that nginx repeated because the replica that had it was gone.
func (o *observation) checkReads(ctx context.Context, auditor api) error {
	for id, r := range o.reads {
		figures, err := auditor.tracking.QueryProductViews(ctx, &catalogv1.QueryProductViewsRequest{ProductId: id})
		if err != nil {
			return fmt.Errorf("read the counts: %w", err)
		}
		o.checkCount(id, "views", r.views, r.lostViews, figures.GetTotalViews())
		o.checkCount(id, "impressions", r.impressions, r.lostImpressions, figures.GetTotalImpressions())
	}
	return nil
}

func (o *observation) checkCount(id, what string, answered, lost, counted int64) {
	o.counts.views += answered
	o.counts.lostViews += lost
	o.counts.counted += counted
	if counted < answered || counted > answered+lost+o.repeated {
		o.breaksf("%d %s of product %s were counted; %d were answered, %d lost, and nginx repeated %d reads",
			counted, what, id, answered, lost, o.repeated)
	}
}
