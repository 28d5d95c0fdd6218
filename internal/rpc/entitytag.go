package rpc

import (
	"runtime"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/wire"
)

// gzipBuild stands in the tag of a body that is compressed behind the digest of what is compressed:
// another release of Go may compress the same into other bytes.
var gzipBuild = "-gzip-" + wire.Digest([]byte(runtime.Version()))[:6]

// isCompressed reports whether connect will compress an answer of a size: it does if the message of the
// request was, or else if gzip is among the accepted codings, by name and without a weight.
func isCompressed(req connect.AnyRequest, size int) bool {
	if size < compressMinBytes {
		return false
	}
	if req.Peer().Query.Get("compression") == "gzip" {
		return true
	}
	accepted := strings.FieldsFunc(req.Header().Get("Accept-Encoding"), func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Contains(accepted, "gzip")
}

// entityTag returns the tag of a body with a digest, as it is or compressed.
func entityTag(digest string, compressed bool) string {
	if compressed {
		digest += gzipBuild
	}
	return `"` + digest + `"`
}

// names reports whether the values of an If-None-Match header name a tag, weak or not, or anything by
// "*". What stands behind something that is no tag is not looked at.
func names(values []string, tag string) bool {
	rest := strings.Join(values, ",")
	for {
		rest = strings.TrimLeft(rest, ", \t")
		if strings.HasPrefix(rest, "*") {
			return true
		}
		opaque, ok := strings.CutPrefix(strings.TrimPrefix(rest, "W/"), `"`)
		end := strings.IndexByte(opaque, '"')
		if !ok || end < 0 {
			return false
		}
		if `"`+opaque[:end+1] == tag {
			return true
		}
		rest = opaque[end+1:]
	}
}
