package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db/dbtest"
)

const (
	// startTime bounds how long a server may take until it is ready, migrations included.
	startTime = 60 * time.Second
	// stopTime bounds how long a server may take to stop.
	stopTime = 30 * time.Second
	// tick is how often a condition is looked at.
	tick = 20 * time.Millisecond
)

// programDir holds the program under test. TestMain removes it.
var programDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "catalog-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programDir = dir
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// program returns the path of the program, which is built at the first call: with the race detector
// if the tests have it, so that both share the build cache and races in the server are found too.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "catalog")
	args := []string{"build", "-o", path}
	if info, ok := debug.ReadBuildInfo(); ok &&
		slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../../cmd/catalog")...)
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, output)
	}
	return path, nil
})

// account is an administrator that a test signs in as.
type account struct{ role, email, name, password string }

var accounts = []account{
	{"admin", "admin@example.com", "Ana Admin", "correct horse battery"},
	{"second", "second@example.com", "Sam Second", "staple battery horse"},
}

// server is the program, serving a database of its own.
type server struct {
	base    string // address without a path, such as http://127.0.0.1:4711
	dataDir string
	env     []string
	log     *buffer

	cmd    *exec.Cmd
	exited chan error
	tokens map[string]string // access tokens by role
}

// newServer starts a server on a fresh database with the first administrators of accounts. It is
// stopped when the test ends; a data race, a panic or a failure to stop fails the test.
func newServer(t *testing.T, dialect string, admins int, env ...string) *server {
	t.Helper()
	s := prepare(t, dialect, admins, env...)
	s.start(t)
	return s
}

// prepare makes a server that is not started yet.
func prepare(t *testing.T, dialect string, admins int, env ...string) *server {
	t.Helper()
	s := &server{dataDir: t.TempDir(), log: &buffer{}, tokens: map[string]string{}}
	addr := freeAddress(t)
	s.base = "http://" + addr
	s.env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.dataDir,
		"GORACE=halt_on_error=0 exitcode=66",
		"CATALOG_ADDR=" + addr,
		"CATALOG_DATA_DIR=" + s.dataDir,
		"CATALOG_DATABASE_URL=" + dbtest.URL(t, dialect),
		"CATALOG_NOTIFY_WINDOW=300ms",
	}, env...)
	for _, a := range accounts[:admins] {
		s.createAdmin(t, a)
	}
	t.Cleanup(func() { s.finish(t) })
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// command returns the program with arguments, in the server's environment.
func (s *server) command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = s.env
	cmd.Dir = s.dataDir
	return cmd
}

func (s *server) createAdmin(t *testing.T, a account) {
	t.Helper()
	cmd := s.command(t.Context(), t, "admin", "create", "--email", a.email, "--name", a.name, "--password-stdin")
	cmd.Stdin = strings.NewReader(a.password + "\n")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// start starts the program and waits until it is ready.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = s.command(context.WithoutCancel(t.Context()), t, "serve")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	require.NoError(t, s.cmd.Start())
	exited := make(chan error, 1)
	go func() { exited <- s.cmd.Wait() }()
	s.exited = exited

	deadline := time.After(startTime)
	poll := time.NewTicker(tick)
	defer poll.Stop()
	for !s.ready(t) {
		select {
		case err := <-s.exited:
			s.cmd = nil
			require.FailNow(t, "the server ended", "%v\n%s", err, s.log)
		case <-deadline:
			require.FailNow(t, "the server did not become ready", "%s", s.log)
		case <-poll.C:
		}
	}
}

func (s *server) ready(t *testing.T) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/readyz", http.NoBody)
	require.NoError(t, err)
	resp, err := http1.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// kill ends the program as a crash would.
func (s *server) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGKILL))
	<-s.exited
	s.cmd = nil
	http1.CloseIdleConnections()
	http2.CloseIdleConnections()
}

// stop asks the program to end, and waits. Returns its error.
func (s *server) stop(t *testing.T) error {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-s.exited:
		s.cmd = nil
		return err
	case <-time.After(stopTime):
		_ = s.cmd.Process.Kill()
		return errors.New("still running")
	}
}

func (s *server) finish(t *testing.T) {
	t.Helper()
	if s.cmd != nil {
		require.NoError(t, s.stop(t), "%s", s.log)
	}
	require.NotContains(t, s.log.String(), "DATA RACE")
	require.NotContains(t, s.log.String(), "panic")
	if t.Failed() {
		t.Logf("log of the server:\n%s", s.log.tail(2<<10))
	}
}

// buffer collects what a program prints.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends p.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns everything.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// tail returns the last n bytes.
func (b *buffer) tail(n int) string {
	all := b.String()
	return all[max(0, len(all)-n):]
}
