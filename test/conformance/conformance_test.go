// Package conformance runs the conformance suite of Connect (connectrpc.com/conformance) against the part of the
// catalog that stands in front of its services: Connect, gRPC and gRPC-Web, over HTTP/1.1 and HTTP/2.
package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// asServer is set in processes that are the server under test.
const asServer = "CATALOG_CONFORMANCE_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestConformance fails if a case fails that neither file lists, and if one passes that known.txt lists.
func TestConformance(t *testing.T) {
	runner := filepath.Join(t.TempDir(), "connectconformance")
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=tools/conformance/go.mod", "-o", runner,
		"connectrpc.com/conformance/cmd/connectconformance")
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	self, err := os.Executable()
	require.NoError(t, err)
	suite := exec.CommandContext(t.Context(), runner, "--mode=server", "--conf=features.yaml",
		"--known-failing=@known.txt", "--known-flaky=@flaky.txt", "--max-servers=2", "--parallel=4", "--", self)
	suite.Env = append(os.Environ(), asServer+"=1")
	out, err = suite.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}
