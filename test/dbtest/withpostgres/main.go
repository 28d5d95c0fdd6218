// Command withpostgres runs a command with a throw-away PostgreSQL server, whose URL the command
// finds in CATALOG_TEST_POSTGRES_URL, so that the tests of many packages share one server:
//
//	go run ./test/dbtest/withpostgres go test ./...
//
// It ends with the command's exit status. If the variable is set already, it starts no server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/zebrands/catalog/test/dbtest"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(command []string) int {
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres COMMAND [ARGUMENT...]")
		return 2
	}
	// The command is in our process group and gets a terminal's signals itself.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv(dbtest.ServerVariable) == "" {
		cluster, err := dbtest.StartCluster(ctx)
		if err != nil {
			fmt.Fprintln(os.Stderr, "withpostgres:", err)
			return 1
		}
		defer cluster.Stop() //nolint:errcheck // its data is removed at the latest when we end
		if err := os.Setenv(dbtest.ServerVariable, cluster.URL); err != nil {
			fmt.Fprintln(os.Stderr, "withpostgres:", err)
			return 1
		}
	}
	return runCommand(ctx, command)
}

func runCommand(ctx context.Context, command []string) int {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		return 1
	}
}
