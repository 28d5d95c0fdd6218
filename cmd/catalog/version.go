package main

import (
	"fmt"

	"github.com/zebrands/catalog/internal/build"
)

type versionCmd struct{}

// Run prints the version of the module, the commit, and Go's.
func (versionCmd) Run() error { //nolint:unparam // every command has this form
	fmt.Println("catalog", build.Read())
	return nil
}
