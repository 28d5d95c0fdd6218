package e2e

import (
	"cmp"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const typescript = "../../clients/typescript"

// snippet finds what the quickstart says to run: with what, what must come out, and the text itself.
var snippet = regexp.MustCompile(`(?s)<pre tabindex="0" data-run="(\w+)"(?: data-expect="([^"]*)")?><code>(.*?)</code></pre>`)

// TestQuickstart does what the page says, in its order, as the server shows it.
func TestQuickstart(t *testing.T) {
	var page string
	reader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(page, filepath.Base(r.URL.Path)))
	}))
	t.Cleanup(reader.Close)
	page = t.TempDir()
	s := newServer(t, "sqlite", 1, "CATALOG_CORS_ORIGINS="+reader.URL)
	env := append(os.Environ(), "EMAIL="+accounts[0].email, "PASSWORD="+accounts[0].password,
		"PATH="+shims(t)+":"+os.Getenv("PATH"))
	project := installClient(t)

	snippets := snippet.FindAllStringSubmatch(s.page(t, "/docs/quickstart"), -1)
	require.Len(t, snippets, 9)
	for _, found := range snippets {
		kind, expected, text := found[1], found[2], html.UnescapeString(found[3])
		var output string
		switch kind {
		case "sh":
			output = execute(t, project, env, "bash", "-euo", "pipefail", "-c", text)
			require.NotContains(t, output, `"code":`, text)
		case "node":
			checkTypes(t, project, text)
			output = execute(t, project, env, "node", "snippet.ts.mjs")
		case "browser":
			checkTypes(t, project, text)
			execute(t, project, env, filepath.Join(project, "esbuild"), "snippet.ts.mjs", "--bundle", "--format=esm",
				"--outfile="+filepath.Join(page, "page.js"))
			write(t, filepath.Join(page, "page.html"), `<!doctype html><body><script type="module" src="page.js"></script>`)
			output = execute(t, project, env, browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
				"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", reader.URL+"/page.html")
		default:
			require.Fail(t, "a snippet that nothing runs", kind)
		}
		require.Contains(t, output, expected, text)
	}
}

// page returns a page of the server.
func (s *server) page(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, http.NoBody)
	require.NoError(t, err)
	resp, err := http1.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// shims returns a folder with the tools of tools/go.mod under their own names.
func shims(t *testing.T) string {
	t.Helper()
	here, err := filepath.Abs(".")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, tool := range []string{"buf", "grpcurl"} {
		script := "#!/bin/sh\ncd '" + here + "' && exec go tool -modfile=../../tools/go.mod " + tool + ` "$@"` + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, tool), []byte(script), 0o700))
	}
	return dir
}

// installClient returns a folder in which the TypeScript client is installed, built from its sources.
func installClient(t *testing.T) string {
	t.Helper()
	client, err := filepath.Abs(typescript)
	require.NoError(t, err)
	modules := filepath.Join(client, "node_modules")
	if _, err := os.Stat(modules); err != nil {
		execute(t, client, os.Environ(), "npm", "ci")
	}
	dir := t.TempDir()
	installed := filepath.Join(dir, "node_modules", "@zebrands", "catalog")
	require.NoError(t, os.MkdirAll(installed, 0o700))
	for _, config := range []string{"tsconfig.build.json", "tsconfig.build.node.json"} {
		execute(t, client, os.Environ(), filepath.Join(modules, ".bin", "tsc"), "-p", config,
			"--outDir", filepath.Join(installed, "dist"))
	}
	manifest, err := os.ReadFile(filepath.Join(client, "package.json"))
	require.NoError(t, err)
	write(t, filepath.Join(installed, "package.json"), string(manifest))
	for _, scope := range []string{"@bufbuild", "@connectrpc", "@types", "undici-types"} {
		require.NoError(t, os.Symlink(filepath.Join(modules, scope), filepath.Join(dir, "node_modules", scope)))
	}
	for _, tool := range []string{"tsc", "esbuild"} {
		require.NoError(t, os.Symlink(filepath.Join(modules, ".bin", tool), filepath.Join(dir, tool)))
	}
	return dir
}

// browser returns the program to look at pages with.
func browser() string { return cmp.Or(os.Getenv("CATALOG_TEST_CHROMIUM"), "chromium") }

// checkTypes checks a snippet, which is TypeScript, and leaves it as a file that Node runs: it has
// nothing that is not JavaScript too.
func checkTypes(t *testing.T, project, text string) {
	t.Helper()
	write(t, filepath.Join(project, "snippet.ts"), text)
	write(t, filepath.Join(project, "snippet.ts.mjs"), text)
	write(t, filepath.Join(project, "package.json"), `{"type": "module"}`)
	execute(t, project, os.Environ(), filepath.Join(project, "tsc"), "--noEmit", "--strict", "--skipLibCheck", "--target", "es2024",
		"--module", "nodenext", "--types", "node", "--lib", "es2024,dom,dom.iterable", "snippet.ts")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// execute runs a program and returns what it prints.
func execute(t *testing.T, dir string, env []string, program string, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &stderr
	output, err := cmd.Output()
	require.NoError(t, err, "%s %v: %s%s", program, args, output, &stderr)
	return string(output)
}
