// Package fleet starts the processes of a production deployment for tests, drills and benchmarks: replicas of the
// catalog, and nginx as the load balancer. PostgreSQL comes from dbtest. Everything listens on localhost only.
package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
)

// Build builds the catalog in a folder and returns the path of the program. It has the race detector if
// this program has it, so that both share the build cache and races in the server are found too.
func Build(ctx context.Context, folder string) (string, error) {
	return BuildFrom(ctx, "", folder)
}

// BuildSlim is Build without the race detector, for tests that measure.
func BuildSlim(ctx context.Context, folder string) (string, error) {
	return build(ctx, "", folder, "-race=false")
}

// BuildFrom is Build from the sources in another folder, such as those of another release.
func BuildFrom(ctx context.Context, sources, folder string) (string, error) {
	var flags []string
	if info, ok := debug.ReadBuildInfo(); ok &&
		slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		flags = append(flags, "-race")
	}
	return build(ctx, sources, folder, flags...)
}

func build(ctx context.Context, sources, folder string, flags ...string) (string, error) {
	path := filepath.Join(folder, "catalog")
	args := append([]string{"build", "-o", path}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "github.com/zebrands/catalog/cmd/catalog")...)
	cmd.Dir = sources
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the catalog: %w: %s", err, output)
	}
	return path, nil
}

// Ports below those that the system gives to outgoing connections: one of these could take the port of a
// process that is not running just now.
const (
	firstPort = 20000
	ports     = 12000
)

// FreeAddress returns an unused address.
func FreeAddress(ctx context.Context) (string, error) {
	var errs []error
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(ports))
		if err != nil {
			return "", fmt.Errorf("find a free port: %w", err)
		}
		address := net.JoinHostPort("127.0.0.1", strconv.FormatInt(firstPort+n.Int64(), 10))
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err == nil {
			return address, listener.Close()
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a free port: %w", errors.Join(errs...))
}
