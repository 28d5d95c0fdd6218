package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// commit returns the commit that is measured, and whether the sources differ from it.
func commit(ctx context.Context) (string, error) {
	name, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=10").Output()
	if err != nil {
		return "", fmt.Errorf("git describe: %w", err)
	}
	return strings.TrimSpace(string(name)), nil
}

// describe begins the report with what was measured where, and how.
func (b *bench) describe(ctx context.Context) error {
	var postgres string
	if err := query(ctx, "SHOW server_version", &postgres); err != nil {
		return err
	}
	postgres, _, _ = strings.Cut(postgres, " ")
	processor := runtime.GOARCH
	if fs, err := procfs.NewDefaultFS(); err == nil {
		if all, err := fs.CPUInfo(); err == nil && len(all) > 0 {
			processor = all[0].ModelName
		}
	}
	b.report.paragraphf("%s, commit %s, %s, PostgreSQL %s; %s, %d processors, %s. Median of %d runs of %s, taken in turn.",
		time.Now().UTC().Format("2 January 2006"), b.commit, runtime.Version(), postgres,
		processor, runtime.NumCPU(), runtime.GOOS, b.rounds, b.length)
	return nil
}
