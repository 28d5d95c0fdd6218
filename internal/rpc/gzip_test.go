package rpc

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGunzipStopsAtItsLimit(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())

	g := newGunzip(1000)
	for range 2 { // Connect reuses it
		require.NoError(t, g.Reset(bytes.NewReader(packed.Bytes())))
		n, err := io.Copy(io.Discard, g)
		require.NoError(t, err)
		require.EqualValues(t, 1000, n)
	}
}
