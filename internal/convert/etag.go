// Package convert reads and writes what messages of several resources share: etags, ids and times.
package convert

import "strconv"

// ETag returns the etag of a resource's version.
func ETag(version int64) string {
	return strconv.FormatInt(version, 10)
}

// Version is the inverse of ETag.
func Version(etag string) (int64, error) {
	return strconv.ParseInt(etag, 10, 64)
}
