// Package logs collects what programs print, for tests that read it meanwhile.
package logs

import (
	"bytes"
	"sync"
)

// Log collects what is printed. It is safe for concurrent use; the zero Log is empty.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends p.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns everything.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Len returns how many bytes there are.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Len()
}

// Since returns what was printed after the first n bytes.
func (l *Log) Since(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.b.Bytes()[min(n, l.b.Len()):])
}

// Tail returns the last n bytes.
func (l *Log) Tail(n int) string { return l.Since(max(0, l.Len()-n)) }
