package rpc

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGunzipStopsAtItsLimit(t *testing.T) {
	packed := zip(t, make([]byte, 1<<20))
	g := newGunzip(1000)
	for range 2 { // Connect reuses it
		require.NoError(t, g.Reset(bytes.NewReader(packed)))
		n, err := io.Copy(io.Discard, g)
		require.NoError(t, err)
		require.EqualValues(t, 1000, n)
	}
}
