package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const generators = "testdata/generators"

// TestGeneratedClients generates clients from the OpenAPI document of a running server, and runs a program with each: it
// creates, reads, updates, lists and deletes a product, updates an administrator and handles errors.
func TestGeneratedClients(t *testing.T) {
	installed := strings.TrimSpace(execute(t, ".", os.Environ(), "../../scripts/generators"))
	withNode, err := filepath.Abs("../../scripts/with-node")
	require.NoError(t, err)
	for language, run := range map[string]func(t *testing.T, project string, env []string) string{
		"openapi-typescript": func(t *testing.T, project string, env []string) string {
			t.Helper()
			modules := filepath.Join(installed, "node_modules")
			require.NoError(t, os.Symlink(modules, filepath.Join(project, "node_modules")))
			write(t, filepath.Join(project, "package.json"), `{"type": "module"}`)
			copyFile(t, filepath.Join(generators, "program.ts"), project)
			tool := func(name string) string { return filepath.Join(modules, ".bin", name) }
			execute(t, project, env, withNode, tool("openapi-typescript"), "openapi.json", "--output", "catalog.ts")
			execute(t, project, env, withNode, tool("tsc"), "--strict", "--target", "es2022",
				"--module", "nodenext", "--types", "node", "program.ts")
			return execute(t, project, env, withNode, "node", "program.js")
		},
		"openapi-python-client": func(t *testing.T, project string, env []string) string {
			t.Helper()
			python := filepath.Join(installed, "venv", "bin", "python")
			copyFile(t, filepath.Join(generators, "program.py"), project)
			write(t, filepath.Join(project, "config.yaml"), "post_hooks: []\n")
			output := execute(t, project, env, python, "-m", "openapi_python_client", "generate", "--path", "openapi.json",
				"--meta", "none", "--output-path", "catalog", "--config", "config.yaml", "--fail-on-warning")
			require.NotContains(t, output, "WARNING")
			return execute(t, project, env, python, "program.py")
		},
	} {
		t.Run(language, func(t *testing.T) {
			s := newServer(t, "sqlite", 1)
			project := t.TempDir()
			write(t, filepath.Join(project, "openapi.json"), s.page(t, "/openapi.json"))
			env := append(os.Environ(), "CATALOG_URL="+s.base, "EMAIL="+accounts[0].email, "PASSWORD="+accounts[0].password)
			require.Equal(t, "done\n", run(t, project, env))
		})
	}
}

func copyFile(t *testing.T, path, folder string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	write(t, filepath.Join(folder, filepath.Base(path)), string(content))
}
