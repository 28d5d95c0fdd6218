package rpc

import (
	"compress/gzip"
	"io"
)

// gunzip limits decompression: Connect reads input over its limit to the end, to report its size, so that a
// decompression bomb of a few megabytes would expand to gigabytes.
type gunzip struct {
	gzip.Reader

	limit, left int64
}

func newGunzip(limit int) *gunzip { return &gunzip{limit: int64(limit)} }

// Reset starts with another source.
func (g *gunzip) Reset(src io.Reader) error {
	g.left = g.limit
	return g.Reader.Reset(src)
}

// Read returns io.EOF at the limit, like the end of the source.
func (g *gunzip) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > g.left {
		p = p[:g.left]
	}
	n, err := g.Reader.Read(p)
	g.left -= int64(n)
	return n, err
}
