package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/logs"
	"github.com/zebrands/catalog/test/wait"
)

// tick is how often a condition is looked at.
const tick = 20 * time.Millisecond

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

// program returns the path of the program, which is built at the first call.
var program = sync.OnceValues(func() (string, error) {
	return fleet.Build(context.Background(), programDir)
})

// account is an administrator that a test signs in as.
type account struct{ role, email, name, password string }

var accounts = []account{
	{"admin", "admin@example.com", "Ana Admin", "correct horse battery"},
	{"second", "second@example.com", "Sam Second", "staple battery horse"},
}

// server is the program, serving a database of its own, or several of it behind a load balancer.
type server struct {
	// base is the address without a path, such as http://127.0.0.1:4711, and h2c the one for HTTP/2
	// without TLS. The program has one port for both.
	base, h2c string
	// dataDir holds the local mailbox.
	dataDir string
	// database is the URL of the database, for its owner. Only prepareOn and newSplit set it.
	database string
	log      *logs.Log // has the link for the first administrator
	process  *fleet.Process
	tokens   map[string]string // access tokens by role
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
	return prepareOn(t, dbtest.URL(t, dialect), admins, env...)
}

// prepareOn makes a server on a database that there is.
func prepareOn(t *testing.T, database string, admins int, env ...string) *server {
	t.Helper()
	settings := []string{
		"CATALOG_DATABASE_URL=" + database, "CATALOG_NOTIFY_WINDOW=300ms", "CATALOG_INVITATIONS_PER_HOUR=1000",
	}
	s := prepareProgram(t, program, t.TempDir(), append(settings, env...)...)
	s.database = database
	for _, a := range accounts[:admins] {
		s.createAdmin(t, a)
	}
	return s
}

// prepareProgram makes a server of a program with its data in a folder.
func prepareProgram(t *testing.T, program func() (string, error), dir string, env ...string) *server {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	p, err := fleet.NewProcess(t.Context(), path, dir, env...)
	require.NoError(t, err)
	s := &server{base: p.URL, h2c: p.URL, dataDir: p.Dir, log: p.Log, process: p, tokens: map[string]string{}}
	t.Cleanup(func() { s.finish(t) })
	return s
}

func (s *server) createAdmin(t *testing.T, a account) {
	t.Helper()
	cmd := s.process.Command(t.Context(), "admin", "create", "--email", a.email, "--name", a.name, "--password-stdin")
	cmd.Stdin = strings.NewReader(a.password + "\n")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// start starts the program and waits until it is ready.
func (s *server) start(t *testing.T) {
	t.Helper()
	require.NoError(t, s.process.Start(wait.Context(t)))
}

// kill ends the program as a crash would.
func (s *server) kill(t *testing.T) {
	t.Helper()
	require.True(t, s.process.Running())
	s.process.Kill()
	http1.CloseIdleConnections()
	http2.CloseIdleConnections()
}

// stop asks the program to end, and waits. Returns its error.
func (s *server) stop(t *testing.T) error {
	t.Helper()
	return s.process.Stop(wait.Context(t))
}

func (s *server) finish(t *testing.T) {
	t.Helper()
	require.NoError(t, s.stop(t))
	require.NotContains(t, s.log.String(), "DATA RACE")
	require.NotContains(t, s.log.String(), "panic")
	if t.Failed() {
		t.Logf("log of the server:\n%s", s.log.Tail(2<<10))
	}
}
