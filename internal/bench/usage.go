package main

import (
	"encoding/json"
	"net/http"
	"runtime"
	"syscall"
	"time"
)

// usage is what a process has used since it started.
type usage struct {
	// CPU is processor time, in user and kernel mode.
	CPU time.Duration `json:"cpu"`
	// Mallocs is how many objects were allocated.
	Mallocs uint64 `json:"mallocs"`
}

// serveUsage answers with what this process has used.
func serveUsage(w http.ResponseWriter, _ *http.Request) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(usage{
		CPU:     time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		Mallocs: m.Mallocs,
	})
	if err != nil {
		panic(http.ErrAbortHandler) // nobody reads
	}
}
