package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

func TestEveryFlagIsExplainedAndAnEnvironmentVariable(t *testing.T) {
	parser, err := kong.New(&commands{})
	require.NoError(t, err)
	leaves := parser.Model.Leaves(true)
	require.Len(t, leaves, 14)
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

func TestEnvFile(t *testing.T) {
	const name = "CATALOG_TEST_ENV_FILE"
	t.Setenv(name, "") // restores it
	path := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, loadEnv(path), "there may be none")

	require.NoError(t, os.Unsetenv(name))
	require.NoError(t, os.WriteFile(path, []byte("# comment\n"+name+"=\"two\nlines\"\n"), 0o600))
	require.NoError(t, loadEnv(path))
	require.Equal(t, "two\nlines", os.Getenv(name))

	require.NoError(t, os.WriteFile(path, []byte(name+"=other\n"), 0o600))
	require.NoError(t, loadEnv(path))
	require.Equal(t, "two\nlines", os.Getenv(name), "the environment comes first")

	for text, want := range map[string]string{
		"A=1\nB C \"x\nKEY=secret\n":        "line 2",
		"A=\"1\n2\"\nB='secret\nC=secret\n": "line 3",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		err := loadEnv(path)
		require.ErrorContains(t, err, path+": "+want+" ")
		require.NotContains(t, err.Error(), "secret")
	}
	require.Error(t, loadEnv(t.TempDir()), "a folder")
}

func TestHelpShowsDefaults(t *testing.T) {
	parser, err := kong.New(&commands{})
	require.NoError(t, err)
	for _, command := range parser.Model.Leaves(true) {
		for _, flag := range command.Flags {
			if flag.HasDefault {
				require.Empty(t, flag.PlaceHolder, "hides the default of --%s", flag.Name)
			}
		}
	}
}

func TestUnknownVariablesAreFound(t *testing.T) {
	parser, err := kong.New(&commands{})
	require.NoError(t, err)
	require.Equal(t, []string{"CATALOG_DATABSE_URL"}, unknownVariables(parser.Model, []string{
		"CATALOG_DATABSE_URL=postgres://u:secret@h/d", "CATALOG_DATABASE_URL=x", "CATALOG_GRANT_TO=y", "HOME=/", "CATALOGUE=1",
	}))
}
