// Package build reports the version of this program.
package build

import (
	"runtime/debug"
	"strings"
)

// release is the version and commit of builds outside a git checkout:
// -ldflags "-X 'github.com/zebrands/catalog/internal/build.release=v1.2.3 0a1b2c3'".
var release string

// Info describes this build. Unknown values are empty.
type Info struct {
	// Version is a tag such as v1.2.3, or Go's pseudo-version of the commit.
	Version string
	// Revision is the commit hash.
	Revision string
	// Modified reports whether the checkout had uncommitted changes.
	Modified bool
	// Go is the version of Go.
	Go string
}

// Read returns the build information of this program.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return Info{}
	}
	info := Info{Version: build.Main.Version, Go: build.GoVersion}
	if release != "" {
		info.Version, info.Revision, _ = strings.Cut(release, " ")
		return info
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Revision = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// String returns the information on one line.
func (i Info) String() string {
	parts := []string{i.Version}
	if i.Revision != "" {
		parts = append(parts, i.Revision)
	}
	if i.Modified {
		parts = append(parts, "(modified)")
	}
	return strings.Join(append(parts, i.Go), " ")
}
