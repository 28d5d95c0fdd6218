package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// call makes one request. caller numbers the goroutine that makes it, from 0.
type call func(ctx context.Context, caller int) error

// sample is what one run of calls cost.
type sample struct {
	perSecond float64
	// serverCPU is the processor time of the server process a request.
	serverCPU time.Duration
	// allocs is how many objects the server allocated a request.
	allocs float64
}

// run makes calls from several callers side by side for about the given time and says what they cost
// the server. Returns the first error of any call.
func run(ctx context.Context, srv *server, callers int, length time.Duration, do call) (sample, error) {
	before, err := srv.usage(ctx)
	if err != nil {
		return sample{}, err
	}
	var (
		requests atomic.Int64
		group    sync.WaitGroup
		failures = make(chan error, callers)
		start    = time.Now()
	)
	for caller := range callers {
		group.Go(func() {
			for time.Since(start) < length {
				if err := do(ctx, caller); err != nil {
					failures <- err
					return
				}
				requests.Add(1)
			}
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	close(failures)
	if err := <-failures; err != nil {
		return sample{}, fmt.Errorf("after %d requests: %w", requests.Load(), err)
	}
	after, err := srv.usage(ctx)
	if err != nil {
		return sample{}, err
	}
	n := float64(requests.Load())
	return sample{
		perSecond: n / elapsed.Seconds(),
		serverCPU: time.Duration(float64(after.CPU-before.CPU) / n),
		allocs:    float64(after.Mallocs-before.Mallocs) / n,
	}, nil
}

// median returns the sample whose rate is in the middle.
func median(samples []sample) sample {
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b sample) int {
		switch {
		case a.perSecond < b.perSecond:
			return -1
		case a.perSecond > b.perSecond:
			return 1
		}
		return 0
	})
	return sorted[len(sorted)/2]
}
