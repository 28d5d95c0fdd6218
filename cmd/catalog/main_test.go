package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

func TestEveryFlagIsExplainedAndAnEnvironmentVariable(t *testing.T) {
	parser, err := kong.New(&commands{})
	require.NoError(t, err)
	leaves := parser.Model.Leaves(true)
	require.Len(t, leaves, 6)
	for _, command := range leaves {
		require.NotEmpty(t, command.Help, command.FullPath())
		for _, flag := range command.Flags {
			require.NotEmpty(t, flag.Help, flag.Name)
			require.Equal(t, []string{"CATALOG_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))}, flag.Envs)
		}
	}
}

func TestAdminCreateNeedsEverything(t *testing.T) {
	for _, args := range [][]string{
		{"admin", "create"},
		{"admin", "create", "--email", "a@example.com", "--password-stdin"},
		{"admin", "create", "--name", "A", "--password-stdin"},
		{"admin", "create", "--name", "A", "--email", "a@example.com"},
	} {
		parser, err := kong.New(&commands{})
		require.NoError(t, err)
		_, err = parser.Parse(args)
		require.ErrorContains(t, err, "missing flags", "%v", args)
	}
}
