package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/zebrands/catalog/test/logs"
)

const (
	// tick is how often a condition is looked at.
	tick = 20 * time.Millisecond
	// tailSize is how much of a log an error quotes, in bytes.
	tailSize = 4 << 10
)

// Process is "catalog serve" at an address and with a data folder of its own, which stay the same
// however often it is started. Use it from one goroutine at a time, but for Ready.
type Process struct {
	// URL is where it answers, such as http://127.0.0.1:20471; Address is the same without the scheme.
	URL, Address string
	// Dir is its data folder.
	Dir string
	// Log is what it printed, over all starts.
	Log *logs.Log

	program string
	env     []string
	child   *child
	probe   *http.Client
}

// NewProcess returns a process that is not started. It runs a program made by Build with its data in a
// folder, which exists, and the settings in env ("CATALOG_…=…"), which win over those that every
// process gets.
func NewProcess(ctx context.Context, program, dir string, env ...string) (*Process, error) {
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	settings := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		// By itself the race detector sleeps for a second before it lets a program end.
		"GORACE=halt_on_error=0 exitcode=66 atexit_sleep_ms=0",
		"CATALOG_ADDR=" + address,
		"CATALOG_DATA_DIR=" + dir,
	}
	return &Process{
		URL: "http://" + address, Address: address, Dir: dir, Log: &logs.Log{},
		program: program,
		env:     append(settings, env...),
		probe:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}, nil
}

// Command returns the program with other arguments, in the same environment: to create administrators
// and the like.
func (p *Process) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.program, args...)
	cmd.Env = p.env
	cmd.Dir = p.Dir
	return cmd
}

// Start starts the process and waits until it is ready. It goes on when ctx, which bounds the wait, is
// done.
func (p *Process) Start(ctx context.Context) error {
	cmd := p.Command(context.WithoutCancel(ctx), "serve")
	started, err := startChild(cmd, p.Log, syscall.SIGKILL)
	if err != nil {
		return err
	}
	p.child = started
	err = poll(ctx, func() (bool, error) {
		if err := started.ended(); err != nil {
			return false, err
		}
		return p.Ready(ctx), nil
	})
	if err != nil {
		return fmt.Errorf("the catalog at %s did not become ready: %w\n%s", p.Address, err, p.Log.Tail(tailSize))
	}
	return nil
}

// Ready reports whether the process says that it can take requests.
func (p *Process) Ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := p.probe.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // what the text says does not matter
	return res.StatusCode == http.StatusOK
}

// PeakMemory returns how many bytes of memory the process has had at most, since it was started. Linux
// only.
func (p *Process) PeakMemory() (int64, error) {
	if p.child == nil {
		return 0, errors.New("the process does not run")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.child.cmd.Process.Pid))
	if err != nil {
		return 0, err //nolint:wrapcheck // it names the file
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscan(peak, &kilobytes); err != nil {
		return 0, fmt.Errorf("peak memory of the catalog at %s: %w", p.Address, err)
	}
	return kilobytes << 10, nil
}

// Running reports whether the process was started and neither stopped nor killed since.
func (p *Process) Running() bool { return p.child != nil }

// Stop starts a graceful shutdown with SIGTERM and waits for it; when ctx is done it kills the process. Returns an
// error if the process fails. It does nothing if the process is not running.
func (p *Process) Stop(ctx context.Context) error {
	if p.child == nil {
		return nil
	}
	err := p.child.stop(ctx)
	p.child = nil
	if err != nil {
		return fmt.Errorf("stop the catalog at %s: %w\n%s", p.Address, err, p.Log.Tail(tailSize))
	}
	return nil
}

// Terminate sends SIGTERM and does not wait.
func (p *Process) Terminate() error {
	if p.child == nil {
		return errors.New("the process does not run")
	}
	return p.child.cmd.Process.Signal(syscall.SIGTERM) //nolint:wrapcheck // it names the process
}

// Kill kills the process, like a crash.
func (p *Process) Kill() {
	if p.child != nil {
		p.child.kill()
		p.child = nil
	}
}

// child is a program that runs.
type child struct {
	cmd *exec.Cmd
	// done is closed when it has ended, with err.
	done chan struct{}
	err  error
}

// startChild starts a program, which gets the last signal when this process is gone.
func startChild(cmd *exec.Cmd, log io.Writer, last syscall.Signal) (*child, error) {
	cmd.Stdout, cmd.Stderr = log, log
	endWithUs(cmd, last)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
	}()
	return c, nil
}

// ended returns an error if the program has ended.
func (c *child) ended() error {
	select {
	case <-c.done:
		return fmt.Errorf("it ended: %w", errors.Join(errors.New(c.cmd.ProcessState.String()), c.err))
	default:
		return nil
	}
}

func (c *child) stop(ctx context.Context) error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		c.kill()
		return fmt.Errorf("killed: %w", context.Cause(ctx))
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill() // fails only if it has ended
	<-c.done
}

// poll calls done until it returns true or an error, or ctx is done.
func poll(ctx context.Context, done func() (bool, error)) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
