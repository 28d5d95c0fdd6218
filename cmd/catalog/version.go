package main

import (
	"fmt"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints the version of the module, the commit, and Go's.
func (versionCmd) Run() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		fmt.Println("catalog (unknown)")
		return nil
	}
	fmt.Println("catalog " + describeBuild(info))
	return nil
}

func describeBuild(info *debug.BuildInfo) string {
	text := info.Main.Version
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text += " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			text += " (modified)"
		}
	}
	return text + " " + info.GoVersion
}
