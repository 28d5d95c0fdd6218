package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDrill is the short drill.
func TestDrill(t *testing.T) {
	require.NoError(t, run(t.Context(), brief(), t.Output()))
}
