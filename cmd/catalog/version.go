package main

import (
	"fmt"

	"github.com/zebrands/catalog/internal/build"
)

type versionCmd struct{}

// Run prints the version, the commit, and the Go version.
func (versionCmd) Run() error { //nolint:unparam // every command has this form
	fmt.Println("catalog", build.Read())
	return nil
}
