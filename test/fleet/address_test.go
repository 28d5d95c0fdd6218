package fleet

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/logs"
	"github.com/zebrands/catalog/test/wait"
)

// balancer is where a load balancer accepts requests of callers and of TLS proxies, as addresses.
type balancer struct {
	direct    string // from callers themselves
	forwarded string // from a TLS proxy that names the caller in X-Forwarded-For
	proxied   string // from a TLS proxy that names the caller in the PROXY protocol
}

// TestBalancersKeepTheCallersAddress holds the load balancers' configurations to what the catalog relies on: the one
// address in X-Forwarded-For is the caller's, also behind a TLS proxy, and never what the caller wrote there.
func TestBalancersKeepTheCallersAddress(t *testing.T) {
	const guest, caller = "X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.1, 203.0.113.9\r\n"
	const preface = "PROXY TCP4 203.0.113.9 127.0.0.1 5678 443\r\n"
	for name, start := range map[string]func(*testing.T, string) balancer{"nginx": startNginx, "haproxy": startHAProxy} {
		t.Run(name, func(t *testing.T) {
			b := start(t, startEcho(t))
			require.Equal(t, "127.0.0.1", ask(t, b.direct, "", ""))
			require.Equal(t, "127.0.0.1", ask(t, b.forwarded, "", ""))
			require.Equal(t, "203.0.113.9", ask(t, b.forwarded, "", caller))
			require.Equal(t, "2001:db8::9", ask(t, b.forwarded, "", "X-Forwarded-For: 2001:db8::9\r\n"))
			require.Equal(t, "203.0.113.9", ask(t, b.proxied, preface, ""))
			require.Equal(t, "203.0.113.9", ask(t, b.proxied, preface, guest), "the caller's own claim")
		})
	}
	t.Run("nginx does not believe strangers", func(t *testing.T) {
		b := startNginxBelieving(t, startEcho(t), "198.51.100.0/24")
		require.Equal(t, "127.0.0.1", ask(t, b.forwarded, "", caller))
		require.Equal(t, "127.0.0.1", ask(t, b.proxied, preface, guest))
	})
	t.Run("haproxy believes nobody on the port for callers", func(t *testing.T) {
		require.Equal(t, "127.0.0.1", ask(t, startHAProxy(t, startEcho(t)).direct, "", caller))
	})
}

// startEcho starts a replica that answers with the X-Forwarded-For that it got.
func startEcho(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Join(r.Header.Values("X-Forwarded-For"), " and "))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// ask sends a GET after a preface and returns the body.
func ask(t *testing.T, address, preface, header string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(wait.Context(t), "tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	deadline, _ := wait.Context(t).Deadline()
	require.NoError(t, conn.SetDeadline(deadline))
	_, err = fmt.Fprintf(conn, "%sGET / HTTP/1.1\r\nHost: catalog.example\r\n%sConnection: close\r\n\r\n", preface, header)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
	return string(body)
}

func startNginx(t *testing.T, replica string) balancer {
	t.Helper()
	return startNginxBelieving(t, replica, localhost...)
}

// startNginxBelieving starts deploy/nginx.conf, which believes other TLS proxies than it does there.
func startNginxBelieving(t *testing.T, replica string, tlsProxies ...string) balancer {
	t.Helper()
	ctx := wait.Context(t)
	free := freeAddresses(ctx, t, 3)
	servers := render(listeners{HTTP1: free[0], H2C: free[1], Proxied: free[2]}, tlsProxies,
		[]Route{{Prefix: "/", Servers: []string{replica}}})
	nginx, err := StartNginxAs(ctx, t.TempDir(), free[0], servers)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, nginx.Stop(context.WithoutCancel(ctx))) })
	return balancer{direct: free[0], forwarded: free[0], proxied: free[2]}
}

// startHAProxy starts deploy/haproxy.cfg with addresses of this machine in it.
func startHAProxy(t *testing.T, replica string) balancer {
	t.Helper()
	ctx := wait.Context(t)
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy" // Debian's, which is not in everybody's PATH
	}
	require.FileExists(t, program, "install HAProxy (Debian: apt-get install haproxy; macOS: brew install haproxy)")
	config, err := os.ReadFile("../../deploy/haproxy.cfg")
	require.NoError(t, err)
	free := freeAddresses(ctx, t, 3)
	replace := []string{"bind :8080", "bind " + free[0], "bind :8081", "bind " + free[1], "bind :8082", "bind " + free[2]}
	for i := range 3 {
		replace = append(replace, fmt.Sprintf(" catalog-%d:8080", i+1), " "+replica)
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(config))), 0o600))
	output, err := exec.CommandContext(ctx, program, "-c", "-f", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.NotContains(t, string(output), "WARNING")
	log := &logs.Log{}
	child, err := startChild(exec.CommandContext(context.WithoutCancel(ctx), program, "-f", path), log, syscall.SIGTERM)
	require.NoError(t, err)
	t.Cleanup(child.kill)
	err = poll(ctx, func() (bool, error) { return listening(ctx, free), child.ended() })
	require.NoError(t, err, log.String())
	return balancer{direct: free[0], proxied: free[1], forwarded: free[2]}
}

func freeAddresses(ctx context.Context, t *testing.T, n int) []string {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		var err error
		addresses[i], err = FreeAddress(ctx)
		require.NoError(t, err)
	}
	return addresses
}
