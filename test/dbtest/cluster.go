package dbtest

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ErrNoPostgres is returned by StartCluster if this machine has no PostgreSQL server programs.
var ErrNoPostgres = errors.New("no PostgreSQL server programs found in /usr/lib/postgresql/*/bin or PATH: " +
	"install them (Debian: apt-get install postgresql; macOS: brew install postgresql), " +
	"or set " + ServerVariable + " to a server whose databases may come and go")

// runServer starts the server, and does what its standard input says: crash and start. When that ends,
// which happens at the latest when the process that holds the other end of it is gone, however it went,
// it stops the server and cleans up.
const runServer = `
bin=$1
dir=$2
shift 2
start() {
	"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
		-c full_page_writes=off -c max_connections=500 -c shared_buffers=64MB "$@" >>"$dir/log" 2>&1 </dev/null &
	pid=$!
}
start "$@"
while read -r command; do
	case $command in
	crash)
		kill -QUIT $pid
		wait $pid
		echo crashed
		;;
	start) start "$@" ;;
	esac
done
kill -INT $pid 2>/dev/null
wait $pid
rm -rf "$dir"
`

// Cluster is a PostgreSQL server with its data in a temporary folder, reachable through a Unix socket
// in it. It stops and removes its data by itself when this process ends.
type Cluster struct {
	// URL connects to it as its superuser.
	URL string

	dir    string
	keeper *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// StartCluster starts a server. It is set up for speed: a crash may lose the last commits, unless
// settings, such as "synchronous_commit=on", say otherwise. Returns ErrNoPostgres if its programs are
// not installed.
func StartCluster(ctx context.Context, settings ...string) (*Cluster, error) {
	bin, err := serverPrograms()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "catalog-pg-")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			return nil, fmt.Errorf("start PostgreSQL: %w", err)
		}
	}
	initialize := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
		"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	initialize.Dir = dir
	initialize.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	if output, err := initialize.CombinedOutput(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start PostgreSQL: initdb: %w: %s", err, bytes.TrimSpace(output))
	}
	return startServer(ctx, bin, dir, account, settings)
}

func startServer(
	ctx context.Context, bin, dir string, account *syscall.Credential, settings []string,
) (*Cluster, error) {
	args := []string{"-c", runServer, "sh", bin, dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	keeper := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", args...)
	keeper.Dir = dir
	// A group of its own, so that Ctrl-C in a terminal does not stop the server before the tests.
	keeper.SysProcAttr = &syscall.SysProcAttr{Credential: account, Setpgid: true}
	stdin, err := keeper.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	stdout, err := keeper.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := keeper.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	query := url.Values{"host": {dir}, "sslmode": {"disable"}}
	address := "postgres://postgres@/postgres?" + query.Encode()
	cluster := &Cluster{URL: address, dir: dir, keeper: keeper, stdin: stdin, stdout: bufio.NewReader(stdout)}
	if err := cluster.awaitReady(ctx); err != nil {
		output, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w: %s", err, bytes.TrimSpace(output)), cluster.Stop())
	}
	return cluster, nil
}

// Crash ends the server at once, as if it were killed, and every connection with it. Start brings it
// back; it recovers first.
func (c *Cluster) Crash() error {
	if _, err := io.WriteString(c.stdin, "crash\n"); err != nil {
		return fmt.Errorf("crash PostgreSQL: %w", err)
	}
	if _, err := c.stdout.ReadString('\n'); err != nil {
		return fmt.Errorf("crash PostgreSQL: %w", err)
	}
	return nil
}

// Start starts the server again after a Crash, and waits until it answers.
func (c *Cluster) Start(ctx context.Context) error {
	if _, err := io.WriteString(c.stdin, "start\n"); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := c.awaitReady(ctx); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	return nil
}

// Stop ends the server and removes its data.
func (c *Cluster) Stop() error {
	if err := errors.Join(c.stdin.Close(), c.keeper.Wait(), os.RemoveAll(c.dir)); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

func (c *Cluster) awaitReady(ctx context.Context) error {
	pool, err := sql.Open("postgres", c.URL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer pool.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := pool.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("connect: %w", err)
		}
	}
}

// serverPrograms returns the folder with the newest server's programs.
func serverPrograms() (string, error) {
	newest, folder := -1, ""
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	for _, path := range debian {
		bin := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > newest {
			newest, folder = version, bin
		}
	}
	if folder != "" {
		return folder, nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", ErrNoPostgres
	}
	return filepath.Dir(path), nil
}

// serverAccount returns the account to run the server as: nil for our own, and that of the user
// postgres for root, as whom the server refuses to run.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no other account is an answer
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL as root: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL as root: %w", err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL as root: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
