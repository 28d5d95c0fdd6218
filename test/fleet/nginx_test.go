package fleet

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write deploy/nginx.conf")

// TestDeployedConfiguration holds deploy/nginx.conf to what tests and drills use.
func TestDeployedConfiguration(t *testing.T) {
	const path = "../../deploy/nginx.conf"
	replicas := []string{"catalog-1:8080", "catalog-2:8080", "catalog-3:8080"}
	want := render(listeners{HTTP1: "8080", H2C: "8081", Proxied: "8082"}, localhost,
		[]Route{{Prefix: "/", Servers: replicas}})
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run: go test ./test/fleet -run Deployed -update")
}
