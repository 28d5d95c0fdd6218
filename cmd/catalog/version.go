package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// release is the version and the commit of a build that git cannot tell: -ldflags "-X 'main.release=v1.2.3 0a1b2c3'".
var release string //nolint:gochecknoglobals // the linker sets it

type versionCmd struct{}

var errNoBuildInfo = errors.New("this program was built without the information about its build")

// Run prints the version of the module, the commit, and Go's.
func (versionCmd) Run() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errNoBuildInfo
	}
	if release != "" {
		fmt.Println("catalog", release, info.GoVersion)
		return nil
	}
	parts := []string{"catalog", info.Main.Version}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			parts = append(parts, s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			parts = append(parts, "(modified)")
		}
	}
	fmt.Println(strings.Join(append(parts, info.GoVersion), " "))
	return nil
}
