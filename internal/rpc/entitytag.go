package rpc

import (
	"runtime"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/wire"
)

// gzipBuild follows the content's digest in the entity tag of a compressed body: another Go release may compress the
// same content to different bytes.
var gzipBuild = "-gzip-" + wire.Digest([]byte(runtime.Version()))[:6]

// isCompressed reports whether Connect will compress a response of a size: it does if the message of the request was
// compressed, or else if gzip is among the accepted codings, by name and without a weight.
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

// entityTag returns the entity tag of a body with a digest, compressed or not.
func entityTag(digest string, compressed bool) string {
	if compressed {
		digest += gzipBuild
	}
	return `"` + digest + `"`
}

// names reports whether the values of an If-None-Match header match a tag, weak or strong, or are "*". It ignores
// everything after an invalid tag.
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
