package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// usage is what a process has used since it started.
type usage struct {
	// CPU is processor time, in user and kernel mode.
	CPU time.Duration `json:"cpu"`
	// Mallocs is how many objects were allocated; 0 if that is not known.
	Mallocs uint64 `json:"mallocs"`
	// Memory is what heap and stacks hold, in bytes, after a garbage collection if one was asked for; 0 if that is not
	// known.
	Memory uint64 `json:"memory"`
}

// meter says what something has used so far.
type meter func(ctx context.Context) (usage, error)

func readAll(ctx context.Context, meters []meter) ([]usage, error) {
	all := make([]usage, len(meters))
	var err error
	for i, read := range meters {
		if all[i], err = read(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// collectParameter asks for a garbage collection first.
const collectParameter = "collect"

// serveUsage answers with what this process has used.
func serveUsage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has(collectParameter) {
		runtime.GC()
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(usage{
		CPU:     time.Duration(used.Utime.Nano() + used.Stime.Nano()),
		Mallocs: m.Mallocs,
		Memory:  m.HeapAlloc + m.StackInuse,
	})
	if err != nil {
		panic(http.ErrAbortHandler) // nobody reads
	}
}

// processes is a meter of processes of this machine that have one thread each, with those of their children
// that have ended. It needs Linux.
func processes(list func() (procfs.Procs, error)) meter {
	return func(context.Context) (usage, error) {
		procs, err := list()
		if err != nil {
			return usage{}, fmt.Errorf("usage: %w", err)
		}
		const tick = time.Second / 100 // USER_HZ is 100 wherever Linux runs
		var used time.Duration
		for _, p := range procs {
			own, err := p.Schedstat()
			if err != nil {
				continue // it has just ended; its parent has its time
			}
			ended, err := p.Stat()
			if err != nil {
				continue
			}
			used += time.Duration(own.RunningNanoseconds) + time.Duration(ended.CUTime+ended.CSTime)*tick
		}
		return usage{CPU: used}, nil
	}
}

// tree returns a list of a process and its children.
func tree(pid int) func() (procfs.Procs, error) {
	return func() (procfs.Procs, error) {
		all, err := procfs.AllProcs()
		if err != nil {
			return nil, err
		}
		var found procfs.Procs
		for _, p := range all {
			stat, err := p.Stat()
			if err != nil {
				continue // it has just ended
			}
			if p.PID == pid || stat.PPID == pid {
				found = append(found, p)
			}
		}
		return found, nil
	}
}

// memory returns how much memory of a process is in the machine's, in bytes.
func memory(pid int) (int, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	stat, err := p.Stat()
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	return stat.ResidentMemory(), nil
}

// sum returns a meter of several things together.
func sum(meters ...meter) meter {
	return func(ctx context.Context) (usage, error) {
		var total usage
		for _, read := range meters {
			u, err := read(ctx)
			if err != nil {
				return usage{}, err
			}
			total.CPU += u.CPU
			total.Mallocs += u.Mallocs
		}
		return total, nil
	}
}
