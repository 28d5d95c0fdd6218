package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ErrNoPgBouncer is returned if this machine has no PgBouncer.
var ErrNoPgBouncer = errors.New("no pgbouncer found in PATH or /usr/sbin: " +
	"install it (Debian: apt-get install pgbouncer; macOS: brew install pgbouncer)")

// pgBouncer is its configuration: of the database, the folder, the port, the mode, and the size of the pool.
const pgBouncer = `[databases]
* = %s
[pgbouncer]
unix_socket_dir =
listen_addr = 127.0.0.1
listen_port = %d
auth_type = any
pool_mode = %s
default_pool_size = %d
max_client_conn = 200
`

// NewPgBouncer starts PgBouncer in front of the database at a URL, in a mode ("session", "transaction" or "statement"),
// with a pool of so many sessions, and further settings. It returns the URL of the same database through it. It ends
// with the test, which fails if PgBouncer is not installed.
func NewPgBouncer(t testing.TB, databaseURL, mode string, sessions int, settings ...string) string {
	t.Helper()
	program, err := pgBouncerProgram()
	require.NoError(t, err)
	account, err := serverAccount()
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "pgbouncer.ini")
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	port := freePort(t)
	config := fmt.Sprintf(pgBouncer, target(u), port, mode, sessions) + strings.Join(settings, "\n")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, file)
	if account != nil { // it refuses to run as root, too
		require.NoError(t, os.Chown(file, int(account.Uid), int(account.Gid)))
		for folder := dir; folder != os.TempDir() && len(folder) > len(os.TempDir()); folder = filepath.Dir(folder) {
			require.NoError(t, os.Chmod(folder, 0o755))
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	log := &strings.Builder{} // read when the process has ended
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // at once, unlike SIGINT
		<-ended
		if t.Failed() {
			t.Log(log)
		}
	})
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	query := u.Query()
	query.Del("host")
	query.Del("port")
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	require.NoError(t, answers(t.Context(), u.String(), ended))
	return u.String()
}

// answers waits until PgBouncer serves the database at a URL, or has ended.
func answers(ctx context.Context, databaseURL string, ended chan error) error {
	pool, err := sql.Open("postgres", databaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := pool.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("pgbouncer has ended: %w", err)
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// target returns the server at a URL as a value of PgBouncer's databases.
func target(u *url.URL) string {
	values := []string{"user=" + u.User.Username()}
	if password, ok := u.User.Password(); ok {
		values = append(values, "password="+password)
	}
	host, port := u.Hostname(), u.Port()
	if query := u.Query(); host == "" {
		host, port = query.Get("host"), query.Get("port")
	}
	return strings.Join(append(values, "host="+host, "port="+portOr(port, "5432")), " ")
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func pgBouncerProgram() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	const debian = "/usr/sbin/pgbouncer" // not in everybody's PATH
	if _, err := os.Stat(debian); err == nil {
		return debian, nil
	}
	return "", ErrNoPgBouncer
}
