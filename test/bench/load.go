package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// call makes one request. caller numbers the goroutine that makes it, from 0.
type call func(ctx context.Context, caller int) error

// measurement is a call of a server.
type measurement struct {
	name   string
	meters []meter // of what the call uses, in their order in sample.cpu
	call   call
}

// sample is what one run of calls cost.
type sample struct {
	requests  int
	perSecond float64
	// p50 and p99 are how long half and nearly all of the calls took at most.
	p50, p99 time.Duration
	// cpu is the processor time a request, one for each meter.
	cpu []time.Duration
	// allocs is how many objects were allocated a request, by what the first meter measures.
	allocs float64
}

// run makes calls from several callers side by side for about the given time and says what they cost.
// Each caller makes at least one. Returns the first error of any call.
func run(ctx context.Context, m measurement, callers int, length time.Duration) (sample, error) {
	before, err := readAll(ctx, m.meters)
	if err != nil {
		return sample{}, err
	}
	took := make([][]time.Duration, callers)
	failures := make(chan error, callers)
	var group sync.WaitGroup
	start := time.Now()
	for caller := range callers {
		group.Go(func() {
			for first := true; first || time.Since(start) < length; first = false {
				asked := time.Now()
				if err := m.call(ctx, caller); err != nil {
					failures <- err
					return
				}
				took[caller] = append(took[caller], time.Since(asked))
			}
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	close(failures)
	all := slices.Concat(took...)
	if err := <-failures; err != nil {
		return sample{}, fmt.Errorf("after %d requests: %w", len(all), err)
	}
	after, err := readAll(ctx, m.meters)
	if err != nil {
		return sample{}, err
	}
	n := len(all)
	s := sample{requests: n, perSecond: float64(n) / elapsed.Seconds()}
	slices.Sort(all)
	s.p50, s.p99 = percentile(all, 50), percentile(all, 99)
	for i := range after {
		s.cpu = append(s.cpu, (after[i].CPU-before[i].CPU)/time.Duration(n))
	}
	if len(after) > 0 {
		s.allocs = float64(after[0].Mallocs-before[0].Mallocs) / float64(n)
	}
	return s, nil
}

// percentile returns the value below which p percent of the sorted values are.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// median returns the sample whose rate is in the middle.
func median(samples []sample) sample {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b sample) int {
		return cmp.Compare(a.perSecond, b.perSecond)
	})
	return sorted[len(sorted)/2]
}
