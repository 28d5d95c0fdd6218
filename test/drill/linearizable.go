package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// decideTime bounds the search for an order of the recorded calls. It takes well under a second, unless there is none.
const decideTime = 2 * time.Minute

// outcome is what the caller of a write knows about it.
type outcome string

const (
	done    outcome = "done"
	refused outcome = "refused" // ETAG_MISMATCH
	unknown outcome = "unknown" // no response, or one that says UNAVAILABLE: it happened, or happens later, or never
)

// swap is a write that replaces one value of a register if it is the current one. A created register had no value.
type swap struct{ register, old, new string }

// view is a read: the values of one register, or of all of a group at the same moment.
type view struct{ registers map[string]string }

// values is the state of a group of registers.
type values map[string]string

// step is the sequential specification of a group of registers. Every value is written by one call only, so an unknown
// write whose old value was replaced changes nothing anymore.
func step(state, input, output any) (bool, any) {
	now := state.(values)
	switch in := input.(type) {
	case swap:
		matches := now[in.register] == in.old
		switch {
		case output == refused:
			return !matches, now
		case matches:
			next := maps.Clone(now)
			next[in.register] = in.new
			return true, next
		default:
			return output == unknown, now
		}
	case string: // the name of a register
		return now[in] == output.(view).registers[in], now
	default:
		return maps.Equal(now, output.(view).registers), now
	}
}

// model is the specification for Porcupine.
var model = porcupine.Model{
	Init:  func() any { return values{} },
	Step:  step,
	Equal: func(a, b any) bool { return maps.Equal(a.(values), b.(values)) },
	DescribeOperation: func(input, output any) string {
		switch in := input.(type) {
		case swap:
			return fmt.Sprintf("%s: %q → %q, %s", in.register, in.old, in.new, output)
		case string:
			return fmt.Sprintf("get %s: %q", in, output.(view).registers[in])
		default:
			return fmt.Sprintf("list: %q", output.(view).registers)
		}
	},
}

// verdicts are the words for a failed check.
var verdicts = map[porcupine.CheckResult]string{
	porcupine.Illegal: "not linearizable",
	porcupine.Unknown: fmt.Sprint("whether they are linearizable was not decided in ", decideTime),
}

// recording holds the calls of everybody who uses a group of registers, with the times at which they began and ended.
type recording struct {
	name  string
	epoch time.Time

	mu         sync.Mutex
	swaps      []porcupine.Operation
	gets       map[string][]porcupine.Operation // by register
	lists      []porcupine.Operation
	etags      map[string]string // the value that an etag of a register stands for
	ambiguous  []string          // etags that stand for two values
	numRefused int
	numUnknown int
}

func newRecording(name string) *recording {
	return &recording{name: name, epoch: time.Now(), gets: map[string][]porcupine.Operation{}, etags: map[string]string{}}
}

func (r *recording) operation(caller int, begin, end time.Time, input, output any) porcupine.Operation {
	return porcupine.Operation{
		ClientId: caller, Input: input, Output: output,
		Call: begin.Sub(r.epoch).Nanoseconds(), Return: end.Sub(r.epoch).Nanoseconds(),
	}
}

// swapped records a write.
func (r *recording) swapped(caller int, begin, end time.Time, s swap, how outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op := r.operation(caller, begin, end, s, how)
	switch how {
	case unknown:
		op.Return = math.MaxInt64
		r.numUnknown++
	case refused:
		r.numRefused++
	case done:
	}
	r.swaps = append(r.swaps, op)
}

// got records a read of one register.
func (r *recording) got(caller int, begin, end time.Time, register, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op := r.operation(caller, begin, end, register, view{registers: map[string]string{register: value}})
	r.gets[register] = append(r.gets[register], op)
}

// listed records a read of all registers.
func (r *recording) listed(caller int, begin, end time.Time, all map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists = append(r.lists, r.operation(caller, begin, end, nil, view{registers: all}))
}

// tagged records the etag that came with a value.
func (r *recording) tagged(register, etag, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := register + " " + etag
	if known, ok := r.etags[key]; ok && known != value {
		r.ambiguous = append(r.ambiguous, fmt.Sprintf("etag %s of %s stands for %q and for %q", etag, register, known, value))
	}
	r.etags[key] = value
}

// check returns why the recorded calls violate linearizability; none if they do not. If dir is not empty, it has a page
// for each violation then. Writes and gets are checked for each register, writes and lists for the group: a list is
// one read of all registers at the same moment.
func (r *recording) check(dir string) []string {
	broken := r.ambiguous
	histories := map[string][]porcupine.Operation{}
	for _, op := range r.swaps {
		register := op.Input.(swap).register
		histories[register] = append(histories[register], op)
	}
	for register, gets := range r.gets {
		histories[register] = append(histories[register], gets...)
	}
	if len(r.lists) > 0 {
		histories["lists"] = append(r.lists, r.swaps...)
	}
	for name, history := range histories {
		result, info := porcupine.CheckOperationsVerbose(model, history, decideTime)
		if result == porcupine.Ok {
			continue
		}
		problem := fmt.Sprintf("%s, %s: %d calls: %s", r.name, name, len(history), verdicts[result])
		if dir != "" {
			path := filepath.Join(dir, fmt.Sprintf("%s-%s.html", r.name, name))
			problem += ": see " + path
			if err := errors.Join(os.MkdirAll(dir, 0o755), porcupine.VisualizePath(model, info, path)); err != nil {
				problem += ": " + err.Error()
			}
		}
		broken = append(broken, problem)
	}
	return broken
}
