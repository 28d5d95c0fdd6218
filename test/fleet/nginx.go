package fleet

import (
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

	"github.com/zebrands/catalog/test/logs"
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

// Nginx is a load balancer in front of processes, with passive health checks only. It retries only GET and HEAD on
// another process.
type Nginx struct {
	// URL is where it speaks HTTP/1.1; H2CURL is where it speaks HTTP/2 without TLS, gRPC among it.
	URL, H2CURL string
	// Proxied is the address where it expects the PROXY protocol before HTTP/1.1.
	Proxied string
	// Log is what it printed, among it every failure to reach a process.
	Log *logs.Log

	dir     string
	program string
	listen  listeners
	child   *child
}

// StartNginx starts nginx with its files in a folder, which exists. Returns ErrNoNginx if it is not
// installed.
func StartNginx(ctx context.Context, dir string, routes ...Route) (*Nginx, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, err
	}
	n := &Nginx{Log: &logs.Log{}, dir: dir, program: program}
	for _, address := range []*string{&n.listen.HTTP1, &n.listen.H2C, &n.listen.Proxied} {
		if *address, err = FreeAddress(ctx); err != nil {
			return nil, err
		}
	}
	n.URL, n.H2CURL, n.Proxied = "http://"+n.listen.HTTP1, "http://"+n.listen.H2C, n.listen.Proxied
	if err := n.configure(ctx, render(n.listen, localhost, routes)); err != nil {
		return nil, err
	}
	return n.start(ctx, n.listen.HTTP1, n.listen.H2C, n.listen.Proxied)
}

// StartNginxAs starts nginx with servers as somebody wrote them, in the text of its block http. They
// listen on an address, for HTTP/1.1.
func StartNginxAs(ctx context.Context, dir, address, servers string) (*Nginx, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, err
	}
	n := &Nginx{URL: "http://" + address, Log: &logs.Log{}, dir: dir, program: program}
	if err := n.configure(ctx, servers); err != nil {
		return nil, err
	}
	return n.start(ctx, address)
}

// start starts nginx and waits until it listens on addresses.
func (n *Nginx) start(ctx context.Context, addresses ...string) (*Nginx, error) {
	var err error
	if n.child, err = startChild(n.command(context.WithoutCancel(ctx)), n.Log, syscall.SIGTERM); err != nil {
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
	if err := n.configure(ctx, render(n.listen, localhost, routes)); err != nil {
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

// nginxMain is the configuration around that of the servers. Every file is in nginx' own folder, so that it
// runs as anybody; as root it must be told to stay root, to read them.
const nginxMain = `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
%s
events {
	worker_connections 4096;
}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	include servers.conf;
}
`

//go:embed catalog.conf.tmpl
var catalogText string

var catalogTemplate = template.Must(template.New("catalog.conf").Parse(catalogText))

// listeners are the addresses, or the ports, where nginx listens.
type listeners struct{ HTTP1, H2C, Proxied string }

// localhost is where a TLS proxy is that nginx believes: on its own machine.
var localhost = []string{"127.0.0.1", "::1"}

// render returns the servers of a catalog, which listen on addresses, believe TLS proxies and send to the routes.
func render(listen listeners, tlsProxies []string, routes []Route) string {
	var servers strings.Builder
	err := catalogTemplate.Execute(&servers, struct {
		listeners

		TLSProxies []string
		Routes     []Route
	}{listen, tlsProxies, routes})
	if err != nil {
		panic(err) // the template is ours, and a Builder takes everything
	}
	return servers.String()
}

// configure writes the configuration and has nginx check it.
func (n *Nginx) configure(ctx context.Context, servers string) error {
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	for name, content := range map[string]string{"nginx.conf": fmt.Sprintf(nginxMain, user), "servers.conf": servers} {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("configure nginx: %w", err)
		}
	}
	if output, err := n.command(ctx, "-t").CombinedOutput(); err != nil {
		return fmt.Errorf("configure nginx: %w: %s", err, output)
	}
	return nil
}
