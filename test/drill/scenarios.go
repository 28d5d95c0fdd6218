package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/fleet"
)

const (
	// graceTime bounds how long nginx takes to notice that a process is gone.
	graceTime = time.Second
	// goneTime and backTime are the longest that a replica may take to notice that the database is away,
	// and to serve again when it is back. Usually it is a matter of a few seconds; processors may be busy.
	goneTime, backTime = 15 * time.Second, 30 * time.Second
	// stopTime is the longest that a replica may take to stop: nobody keeps it busy for long.
	stopTime = drainDelay + 15*time.Second
	// staleTime is how old an answer may be, with some time for the measurement itself.
	staleTime = db.StaleBound + 500*time.Millisecond
)

// scenario is an injected failure, or a series of them.
type scenario struct {
	name, title string
	// variant says that it is left out of a short drill.
	variant bool
	// keepConns says that callers keep their connections to nginx.
	keepConns bool
	run       func(ctx context.Context, d *drill, o *observation) error
	// excused reports whether a call may fail like this. Nil allows no failure.
	excused func(o *observation, f failure) bool
	// expects names further promises that were broken.
	expects func(o *observation) []string
}

// The order leaves time for mails whose fate nobody knows, which restarts do not make.
var scenarios = []scenario{
	{
		name: "database", title: "PostgreSQL crashes, and comes back",
		keepConns: true, run: crash, excused: saysDatabaseAway, expects: noticesInTime,
	},
	{
		name: "partition", title: "a replica is cut off from PostgreSQL, and connected again",
		keepConns: true, run: partition, excused: saysCutOff, expects: noticesInTime,
	},
	{
		name: "kill", title: "every replica is killed, one after the other, and started again",
		keepConns: true, run: kill, excused: underWayAtKill,
	},
	{
		name: "restart", title: "every replica is restarted, one after the other, and nginx knows nothing of it",
		keepConns: true, run: restart, excused: atStoppedReplica, expects: stopsInTime,
	},
	{
		name: "rollout", title: "the same, and nginx is told to leave each replica alone meanwhile",
		variant: true, run: rollout, excused: atStoppedReplica, expects: stopsInTime,
	},
}

// outage notes when something was broken.
func (o *observation) outage(out outage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.outages = append(o.outages, out)
}

// eachRound runs fn for one replica after the other, in every round, with calm around.
func (d *drill) eachRound(ctx context.Context, fn func(replica int) error) error {
	for range d.rounds {
		for i := range d.replicas {
			pause(ctx, d.calm)
			if err := fn(i); err != nil {
				return err
			}
		}
	}
	pause(ctx, d.calm)
	return ctx.Err()
}

func restart(ctx context.Context, d *drill, o *observation) error {
	return d.eachRound(ctx, func(i int) error { return d.restart(ctx, o, i) })
}

func (d *drill) restart(ctx context.Context, o *observation, i int) error {
	out := outage{what: fmt.Sprintf("replica %d restarted", i+1), replicas: []int{i}, began: time.Now()}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.replicas[i].Stop(bounded); err != nil {
		return err
	}
	out.mended = time.Now()
	d.sayf("replica %d stopped after %s", i+1, out.mended.Sub(out.began).Round(time.Millisecond))
	if err := d.replicas[i].Start(bounded); err != nil {
		return err
	}
	o.outage(out)
	return nil
}

func rollout(ctx context.Context, d *drill, o *observation) error {
	return d.eachRound(ctx, func(i int) error {
		others := slices.Delete(slices.Clone(d.replicas), i, i+1)
		if err := d.nginx.Route(ctx, fleet.To(others...)...); err != nil {
			return err
		}
		if err := d.restart(ctx, o, i); err != nil {
			return err
		}
		return d.nginx.Route(ctx, fleet.To(d.replicas...)...)
	})
}

// atStoppedReplica excuses looks at a replica, past nginx, while it is not there.
func atStoppedReplica(_ *observation, f failure) bool { return f.replica != nginx && f.reason == "" }

func kill(ctx context.Context, d *drill, o *observation) error {
	return d.eachRound(ctx, func(i int) error {
		out := outage{what: fmt.Sprintf("replica %d killed", i+1), replicas: []int{i}, began: time.Now()}
		d.replicas[i].Kill()
		out.struck = time.Now()
		d.sayf("replica %d killed", i+1)
		pause(ctx, d.outage)
		out.mended = time.Now()
		bounded, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := d.replicas[i].Start(bounded); err != nil {
			return err
		}
		o.outage(out)
		return nil
	})
}

// underWayAtKill excuses calls that were with a replica when it was killed, and got no answer, or part of one.
func underWayAtKill(o *observation, f failure) bool {
	if atStoppedReplica(o, f) {
		return true
	}
	return f.reason == "" && slices.ContainsFunc(o.outages, func(out outage) bool {
		return f.begin.Before(out.struck.Add(graceTime)) && f.end.After(out.began)
	})
}

func crash(ctx context.Context, d *drill, o *observation) error {
	everybody := make([]int, len(d.replicas))
	for i := range everybody {
		everybody[i] = i
	}
	for range d.rounds {
		pause(ctx, d.calm)
		out := outage{what: "PostgreSQL crashed", replicas: everybody, began: time.Now()}
		if err := d.cluster.Crash(); err != nil {
			return err
		}
		d.sayf("PostgreSQL crashed")
		d.await(ctx, false, everybody...)
		pause(ctx, d.outage)
		bounded, cancel := context.WithTimeout(ctx, patience)
		err := d.cluster.Start(bounded)
		cancel()
		if err != nil {
			return err
		}
		out.mended = time.Now()
		d.sayf("PostgreSQL answers")
		d.await(ctx, true, everybody...)
		o.outage(out)
	}
	pause(ctx, d.calm)
	return ctx.Err()
}

// saysDatabaseAway excuses calls that were told so.
func saysDatabaseAway(_ *observation, f failure) bool {
	return f.code == connect.CodeUnavailable && f.reason == string(fault.DatabaseUnavailable)
}

func partition(ctx context.Context, d *drill, o *observation) error {
	cut := len(d.replicas) - 1
	for range d.rounds {
		pause(ctx, d.calm)
		out := outage{what: fmt.Sprintf("replica %d cut off", cut+1), replicas: []int{cut}, began: time.Now()}
		d.proxy.Cut()
		d.sayf("replica %d is cut off from PostgreSQL", cut+1)
		d.await(ctx, false, cut)
		pause(ctx, d.outage)
		d.proxy.Heal()
		out.mended = time.Now()
		d.sayf("replica %d is connected again", cut+1)
		d.await(ctx, true, cut)
		o.outage(out)
	}
	pause(ctx, d.calm)
	return ctx.Err()
}

// saysCutOff excuses calls that were told that the database is away, by the replica for which it is.
func saysCutOff(o *observation, f failure) bool {
	return (f.replica == nginx || f.replica == replicas-1) && saysDatabaseAway(o, f)
}

// await waits until replicas are ready, or are not. What takes too long shows in the report.
func (d *drill) await(ctx context.Context, ready bool, which ...int) {
	ctx, cancel := context.WithTimeout(ctx, goneTime+backTime)
	defer cancel()
	for pause(ctx, probePause) {
		if !slices.ContainsFunc(which, func(i int) bool { return d.replicas[i].Ready(ctx) != ready }) {
			return
		}
	}
}

// stopsInTime wants replicas to stop soon.
func stopsInTime(o *observation) []string {
	var broken []string
	for _, out := range o.outages {
		if took := out.mended.Sub(out.began); took > stopTime {
			broken = append(broken, fmt.Sprintf("%s, and took %s to stop", out.what, took))
		}
	}
	return broken
}

// noticesInTime wants replicas to be unready soon, and ready again soon.
func noticesInTime(o *observation) []string {
	var broken []string
	for _, out := range o.outages {
		for _, i := range out.replicas {
			gone, back := o.readiness(out, i)
			if gone < 0 || gone > goneTime {
				broken = append(broken, fmt.Sprintf("%s, and replica %d was ready for another %s", out.what, i+1, gone))
			}
			if back < 0 || back > backTime {
				broken = append(broken, fmt.Sprintf("%s, and replica %d was not ready for %s after that", out.what, i+1, back))
			}
		}
	}
	return broken
}
