// Package build knows which version of the catalog this program is.
package build

import (
	"runtime/debug"
	"strings"
)

// release is the version and the commit of a build that git cannot tell:
// -ldflags "-X 'github.com/zebrands/catalog/internal/build.release=v1.2.3 0a1b2c3'".
var release string

// Info is what is known of this program; what is not known is empty.
type Info struct {
	// Version is a tag such as v1.2.3, or one that Go made up for the commit.
	Version string
	// Revision is the commit.
	Revision string
	// Modified says that the program was built from more than the commit.
	Modified bool
	// Go is the version of Go.
	Go string
}

// Read returns what is known of this program.
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

// String returns all of it on one line.
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
