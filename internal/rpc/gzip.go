package rpc

import (
	"compress/gzip"
	"io"
)

// gunzip decompresses at most a number of bytes: connect reads what is over its limit to the end, to
// say how much there was, so that a few megabytes would make the server unpack gigabytes.
type gunzip struct {
	gzip.Reader

	limit, left int64
}

func newGunzip(limit int) *gunzip { return &gunzip{limit: int64(limit)} }

// Reset starts on another source.
func (g *gunzip) Reset(src io.Reader) error {
	g.left = g.limit
	return g.Reader.Reset(src)
}

// Read returns io.EOF at the limit, as if the source ended there.
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
