package rpc

import (
	"crypto/sha256"
	"encoding/base64"
	"runtime"
	"slices"
	"strings"

	"connectrpc.com/connect"
)

// tagBytes is how many bytes of a body's digest are in its entity tag.
const tagBytes = 16

// gzipBuild stands in the tag of a body that is compressed behind the digest of what is compressed:
// another release of Go may compress the same into other bytes.
var gzipBuild = "-gzip-" + digest([]byte(runtime.Version()), 4)

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

// entityTag returns the tag of a body, as it is or compressed.
func entityTag(body []byte, compressed bool) string {
	tag := digest(body, tagBytes)
	if compressed {
		tag += gzipBuild
	}
	return `"` + tag + `"`
}

// digest returns n bytes of the SHA-256 of data, as text.
func digest(data []byte, n int) string {
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:n])
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
