package fleet

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/wait"
)

// TestNothingOutlivesUs kills a process that has started nginx: this test's own program, once more.
func TestNothingOutlivesUs(t *testing.T) {
	const dirVariable = "FLEET_TEST_DIR"
	if dir := os.Getenv(dirVariable); dir != "" {
		nginx, err := StartNginx(t.Context(), dir, Route{Prefix: "/", Servers: []string{"127.0.0.1:1"}})
		require.NoError(t, err)
		fmt.Println(nginx.URL) //nolint:forbidigo // for the process that kills this one
		select {}
	}
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	victim.Env = append(os.Environ(), dirVariable+"="+t.TempDir())
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	url := strings.TrimSpace(line)
	get := func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	require.NoError(t, get())
	require.NoError(t, victim.Process.Kill())
	_ = victim.Wait() // says that it was killed
	wait.For(t, func() bool { return get() != nil })
}
