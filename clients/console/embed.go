// Package console holds the built web console.
package console

import "embed"

// Dist is the folder dist, as `npm run build` makes it.
//
//go:embed all:dist
var Dist embed.FS
