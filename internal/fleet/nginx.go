package fleet

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
)

// ErrNoNginx is returned by StartNginx if this machine has no nginx.
var ErrNoNginx = errors.New("no nginx found in PATH or /usr/sbin: " +
	"install it (Debian: apt-get install nginx-light; macOS: brew install nginx)")

// Route sends requests whose path starts with a prefix to processes. The longest prefix wins, and "/" is
// for everything else.
type Route struct {
	Prefix string
	// Servers are addresses, such as 127.0.0.1:20471.
	Servers []string
}

// To returns the routes of processes that are all alike.
func To(processes ...*Process) []Route {
	return []Route{RouteTo("/", processes...)}
}

// RouteTo returns a route to processes.
func RouteTo(prefix string, processes ...*Process) Route {
	r := Route{Prefix: prefix}
	for _, p := range processes {
		r.Servers = append(r.Servers, p.Address)
	}
	return r
}

// Nginx is a load balancer in front of processes. It knows of them only what their connections tell it.
// A request that was sent to one is never sent to another, unless its method is GET or HEAD.
type Nginx struct {
	// URL is where it speaks HTTP/1.1; H2CURL is where it speaks HTTP/2 without TLS, gRPC among it.
	URL, H2CURL string
	// Log is what it printed, among it every failure to reach a process.
	Log *Log

	dir     string
	program string
	listen  nginxListen
	child   *child
}

type nginxListen struct{ HTTP1, H2C string }

// StartNginx starts nginx with its files in a folder, which exists. Returns ErrNoNginx if it is not
// installed.
func StartNginx(ctx context.Context, dir string, routes ...Route) (*Nginx, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, err
	}
	n := &Nginx{Log: &Log{}, dir: dir, program: program}
	if n.listen.HTTP1, err = FreeAddress(ctx); err != nil {
		return nil, err
	}
	if n.listen.H2C, err = FreeAddress(ctx); err != nil {
		return nil, err
	}
	n.URL, n.H2CURL = "http://"+n.listen.HTTP1, "http://"+n.listen.H2C
	if err := n.configure(ctx, nginxSettings{Listen: n.listen, Routes: routes}); err != nil {
		return nil, err
	}
	return n.start(ctx, n.listen.HTTP1, n.listen.H2C)
}

// StartNginxAs starts nginx with servers as somebody wrote them, in the text of its block http. They
// listen on an address, for HTTP/1.1.
func StartNginxAs(ctx context.Context, dir, address, servers string) (*Nginx, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, err
	}
	n := &Nginx{URL: "http://" + address, Log: &Log{}, dir: dir, program: program}
	if err := n.configure(ctx, nginxSettings{Servers: servers}); err != nil {
		return nil, err
	}
	return n.start(ctx, address)
}

// start starts nginx and waits until it listens on addresses.
func (n *Nginx) start(ctx context.Context, addresses ...string) (*Nginx, error) {
	var err error
	if n.child, err = startChild(n.command(context.WithoutCancel(ctx)), n.Log); err != nil {
		return nil, err
	}
	err = poll(ctx, func() (bool, error) { return listening(ctx, addresses), n.child.ended() })
	if err != nil {
		n.child.kill()
		return nil, fmt.Errorf("start nginx: %w\n%s", err, n.Log.Tail(tailSize))
	}
	return n, nil
}

func nginxProgram() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	const debian = "/usr/sbin/nginx" // not in everybody's PATH
	if _, err := os.Stat(debian); err != nil {
		return "", ErrNoNginx
	}
	return debian, nil
}

func (n *Nginx) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"-p", n.dir, "-e", "stderr", "-c", filepath.Join(n.dir, "nginx.conf")}, args...)
	return exec.CommandContext(ctx, n.program, args...)
}

func listening(ctx context.Context, addresses []string) bool {
	for _, address := range addresses {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return false
		}
		_ = conn.Close() // it was only to see whether it opens
	}
	return true
}

// Route takes other processes in, or out, without losing a request, as an orchestrator does. It returns
// when every new request follows the routes; those under way end where they are.
func (n *Nginx) Route(ctx context.Context, routes ...Route) error {
	if err := n.configure(ctx, nginxSettings{Listen: n.listen, Routes: routes}); err != nil {
		return err
	}
	before := n.Log.Len()
	if err := n.child.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		return fmt.Errorf("reload nginx: %w", err)
	}
	err := poll(ctx, func() (bool, error) {
		// The worker with the old routes says so when it takes no new requests any more.
		return strings.Contains(n.Log.Since(before), "gracefully shutting down"), n.child.ended()
	})
	if err != nil {
		return fmt.Errorf("reload nginx: %w\n%s", err, n.Log.Since(before))
	}
	return nil
}

// Stop ends nginx.
func (n *Nginx) Stop(ctx context.Context) error {
	if err := n.child.stop(ctx); err != nil {
		return fmt.Errorf("stop nginx: %w\n%s", err, n.Log.Tail(tailSize))
	}
	return nil
}

//go:embed nginx.conf.tmpl
var nginxText string

var nginxTemplate = template.Must(template.New("nginx.conf").Parse(nginxText))

// nginxSettings are what the template takes: routes, or servers as somebody wrote them.
type nginxSettings struct {
	Listen  nginxListen
	Routes  []Route
	Servers string
}

// Root reports whether nginx starts as root, and must be told to stay it: its files are ours.
func (nginxSettings) Root() bool { return os.Geteuid() == 0 }

// configure writes nginx.conf and has nginx check it.
func (n *Nginx) configure(ctx context.Context, settings nginxSettings) error {
	var conf bytes.Buffer
	if err := nginxTemplate.Execute(&conf, settings); err != nil {
		return fmt.Errorf("configure nginx: %w", err)
	}
	path := filepath.Join(n.dir, "nginx.conf")
	if err := os.WriteFile(path, conf.Bytes(), 0o600); err != nil {
		return fmt.Errorf("configure nginx: %w", err)
	}
	if output, err := n.command(ctx, "-t").CombinedOutput(); err != nil {
		return fmt.Errorf("configure nginx: %w: %s", err, output)
	}
	return nil
}
