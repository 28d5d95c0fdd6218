package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// print prints the report of a scenario.
func (o *observation) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s: %s, %s of load\n\n", o.scenario.name, o.scenario.title, o.end.Sub(o.begin).Round(time.Second))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...any) {
		for _, c := range cells {
			fmt.Fprint(table, c, "\t")
		}
		fmt.Fprintln(table)
	}
	row("calls", "sent", "answered", "failed", "slowest")
	for _, kind := range slices.Sorted(maps.Keys(o.calls)) {
		t := o.calls[kind]
		row(kind, t.sent, t.answered, t.sent-t.answered, round(t.slowest))
	}
	for i, t := range o.probes {
		row(fmt.Sprint("at replica ", i+1), t.sent, t.answered, t.sent-t.answered, round(t.slowest))
	}
	_ = table.Flush() // fails only if out does
	o.printFailures(out)
	c := o.counts
	fmt.Fprintf(out, "\n  views    %d answered, %d counted (%d lost their answer)\n", c.views, c.counted, c.lostViews)
	fmt.Fprintf(out, "  changes  %d answered, %d in the history (%d lost their answer)\n", c.changes, c.found, c.lostChanges)
	fmt.Fprintf(out, "  mails    %d expected, %d sent, %d lost, %d repeated\n", c.mails, c.sent, c.lost, c.repeated)
	fmt.Fprintf(out, "  order    %d writes with etags (%d refused, %d lost their answer), %d gets and %d lists beside them\n",
		c.swaps, c.refusedSwaps, c.unknownSwaps, c.gets, c.lists)
	fmt.Fprintf(out, "  age      the oldest answer was %s old\n", round(c.oldest))
	o.printOutages(out)
	if len(o.broken) == 0 {
		fmt.Fprintln(out, "\n  every promise was kept")
		return
	}
	const most = 20
	for _, broken := range o.broken[:min(most, len(o.broken))] {
		fmt.Fprintln(out, "\n  BROKEN:", broken)
	}
	if more := len(o.broken) - most; more > 0 {
		fmt.Fprintln(out, "\n  and", more, "more")
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// printFailures prints how calls failed, through nginx and past it.
func (o *observation) printFailures(out io.Writer) {
	classes := map[string]int{}
	for _, f := range o.failures {
		where := "through nginx"
		if f.replica != nginx {
			where = "at " + f.via
		}
		classes[where+": "+f.class()]++
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		fmt.Fprintf(out, "  failed %s, %d times\n", class, classes[class])
	}
}

func (o *observation) printOutages(out io.Writer) {
	for _, outage := range o.outages {
		var parts []string
		for _, i := range outage.replicas {
			gone, back := o.readiness(outage, i)
			parts = append(parts, fmt.Sprintf("replica %d unready after %s, ready %s after the mend", i+1, round(gone), round(back)))
		}
		fmt.Fprintf(out, "  %s for %s: %s\n", outage.what, round(outage.mended.Sub(outage.began)), strings.Join(parts, "; "))
		if last := o.lastFailure(outage); last > 0 {
			fmt.Fprintf(out, "           the last call through nginx to fail began %s after the mend\n", round(last))
		}
	}
}

// lastFailure returns how long after an outage was mended the last call began that failed, before the next
// outage; 0 if none did.
func (o *observation) lastFailure(out outage) time.Duration {
	next := o.end
	for _, other := range o.outages {
		if other.began.After(out.began) && other.began.Before(next) {
			next = other.began
		}
	}
	var last time.Duration
	for _, f := range o.failures {
		if f.replica == nginx && f.end.Before(next) {
			last = max(last, f.begin.Sub(out.mended))
		}
	}
	return last
}
