// Command drill is a fault-injection test of a fleet: three replicas on one PostgreSQL behind nginx, under load from
// anonymous readers and administrators. It injects one failure after another, records every call, and finally compares
// the records with the history, the deliveries, the mails at Mailgun and the counts. It fails if a guarantee is
// violated.
//
// Everything is real except Mailgun, which is the mock server of its client library. See docs/drills.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	if err := realMain(); err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

func realMain() error {
	flags := flag.NewFlagSet("drill", flag.ContinueOnError)
	short := flags.Bool("short", false, "once through every scenario, as the tests do")
	p := full()
	only := flags.String("run", "", "regular expression of the scenarios to run; empty: all")
	flags.IntVar(&p.rounds, "rounds", p.rounds, "how often each misfortune happens; a scenario must be over in 15 minutes, when tokens end")
	flags.DurationVar(&p.calm, "calm", p.calm, "load before, between and after misfortunes")
	flags.DurationVar(&p.outage, "outage", p.outage, "how long what is broken stays so")
	logs := flags.String("logs", "", "folder for what every process printed")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	if *short {
		p = brief()
	}
	var err error
	if p.only, err = regexp.Compile(*only); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	p.logs = *logs
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return run(ctx, p, os.Stdout)
}

// errBroken is returned if a guarantee is violated; the report says which.
var errBroken = errors.New("promises were broken")

// plan is the configuration of a drill.
type plan struct {
	// rounds is how often each misfortune happens.
	rounds int
	// calm is how long the load goes on before, between and after misfortunes; outage is how long what
	// is broken stays so.
	calm, outage time.Duration
	// pause is what each caller waits between two calls.
	pause time.Duration
	// variants adds scenarios that are variants of others.
	variants bool
	// only names the scenarios to run.
	only *regexp.Regexp
	// logs is the folder for what the processes printed; empty: none.
	logs string
}

func full() plan {
	return plan{rounds: 3, calm: 5 * time.Second, outage: 10 * time.Second, pause: 20 * time.Millisecond, variants: true}
}

func brief() plan {
	return plan{
		rounds: 1, calm: time.Second, outage: time.Second, pause: 50 * time.Millisecond, only: regexp.MustCompile(""),
	}
}

// run runs the scenarios one after the other on one fleet, checks all of them, and prints.
func run(ctx context.Context, p plan, out io.Writer) (err error) {
	d, err := start(ctx, p, out)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer func() { err = errors.Join(err, d.stop(context.WithoutCancel(ctx))) }()
	var all []*observation
	for _, s := range scenarios {
		if !p.only.MatchString(s.name) || s.variant && !p.variants {
			continue
		}
		o, err := d.observe(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, o)
	}
	if err := d.check(ctx, all); err != nil {
		return err
	}
	broken := false
	for _, o := range all {
		o.print(out)
		broken = broken || len(o.broken) > 0
	}
	if broken {
		return errBroken
	}
	return nil
}
