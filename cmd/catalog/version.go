package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

type versionCmd struct{}

var errNoBuildInfo = errors.New("this program was built without the information about its build")

// Run prints the version of the module, the commit, and Go's.
func (versionCmd) Run() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errNoBuildInfo
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
