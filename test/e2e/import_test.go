package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
)

// The files are those of the importer's own tests; ownRows and shopRows are how many of their rows
// are good.
const (
	importFiles = "../../internal/importer/testdata/"
	ownRows     = 2
	shopRows    = 5
)

// answer is what a command printed, and its exit status.
type answer struct {
	stdout, stderr string
	status         int
}

// runAsAdmin runs a command of the program against the server, as its first administrator.
func (s *server) runAsAdmin(t *testing.T, password, command string, args ...string) answer {
	t.Helper()
	args = append([]string{command, "--server", s.base, "--email", accounts[0].email, "--password-stdin"}, args...)
	cmd := s.process.Command(t.Context(), args...)
	cmd.Stdin = strings.NewReader(password + "\n")
	return answerOf(t, cmd)
}

// runWithKey runs a command of the program against the server with an API key in its environment.
func (s *server) runWithKey(t *testing.T, key, command string, args ...string) answer {
	t.Helper()
	cmd := s.process.Command(t.Context(), append([]string{command, "--server", s.base}, args...)...)
	cmd.Env = append(slices.Clone(cmd.Env), "CATALOG_API_KEY="+key)
	return answerOf(t, cmd)
}

// answerOf runs a command.
func answerOf(t *testing.T, cmd *exec.Cmd) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	return answer{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func (s *server) importFile(t *testing.T, args ...string) answer {
	t.Helper()
	return s.runAsAdmin(t, accounts[0].password, "import", args...)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// TestImportAndExport brings both kinds of files into a server, takes them out, and finds that
// nothing changes the second time.
func TestImportAndExport(t *testing.T) {
	t.Parallel()
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, dialect, 1)
			own, shop := absolute(t, importFiles+"own.csv"), absolute(t, importFiles+"shopify.csv")

			dry := s.importFile(t, "--dry-run", shop)
			require.Contains(t, dry.stdout, "dry run: 5 created")
			require.Empty(t, s.everything(t, "ProductService/ListProducts", "products"))

			got := s.importFile(t, own)
			require.Equal(t, 1, got.status, "%s", got.stderr)
			require.Contains(t, got.stderr, "line 5: Price: must not be negative\n")
			require.Equal(t, "2 created, 0 updated, 0 unchanged, 7 failed\n", got.stdout)
			got = s.importFile(t, shop)
			require.Equal(t, 1, got.status, "%s", got.stderr)
			require.Contains(t, got.stdout, "5 created, 0 updated, 0 unchanged, 3 failed")
			require.Len(t, s.everything(t, "ProductService/ListProducts", "products"), ownRows+shopRows)

			changes := len(s.everything(t, "ProductService/ListProductChanges", "changes"))
			got = s.importFile(t, own)
			require.Contains(t, got.stdout, "0 created, 0 updated, 2 unchanged")
			got = s.importFile(t, shop)
			require.Contains(t, got.stdout, "0 created, 0 updated, 5 unchanged")

			file := filepath.Join(t.TempDir(), "export.csv")
			got = s.runAsAdmin(t, accounts[0].password, "export", file)
			require.Zero(t, got.status, "%s", got.stderr)
			got = s.importFile(t, file)
			require.Zero(t, got.status, "%s", got.stderr)
			require.Equal(t, "0 created, 0 updated, 7 unchanged, 0 failed\n", got.stdout)
			require.Len(t, s.everything(t, "ProductService/ListProductChanges", "changes"), changes)
			require.Empty(t, s.must(t, "admin", "TrackingService/ListTopProducts", object{})["entries"],
				"administrators' reads do not count")
		})
	}
}

// TestImportWithAnAPIKey imports and exports a file from the command line as a program, which needs no password.
func TestImportWithAnAPIKey(t *testing.T) {
	t.Parallel()
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, dialect, 1)
			shop := absolute(t, importFiles+"shopify.csv")
			write, writeID := s.createKey(t, "erp", "ACCESS_WRITE")
			read, _ := s.createKey(t, "shop", "ACCESS_READ")

			got := s.runWithKey(t, read, "import", shop)
			require.Equal(t, 2, got.status)
			require.Contains(t, got.stderr, "may only read")
			got = s.runWithKey(t, write, "import", shop)
			require.Equal(t, 1, got.status, "%s", got.stderr)
			require.Contains(t, got.stdout, "5 created, 0 updated, 0 unchanged, 3 failed")
			for _, change := range s.everything(t, "ProductService/ListProductChanges", "changes") {
				require.Equal(t, writeID, change["apiKeyId"])
				require.Equal(t, "erp (key of Ana Admin)", change["actorName"])
			}

			file := filepath.Join(t.TempDir(), "export.csv")
			got = s.runWithKey(t, read, "export", file)
			require.Zero(t, got.status, "%s", got.stderr)
			got = answerOf(t, s.process.Command(t.Context(), "import", "--server", s.base, "--api-key", write, file))
			require.Zero(t, got.status, "%s", got.stderr)
			require.Equal(t, "0 created, 0 updated, 5 unchanged, 0 failed\n", got.stdout)
			require.Empty(t, s.must(t, "admin", "TrackingService/ListTopProducts", object{})["entries"],
				"reads with keys do not count")

			s.revokeKey(t, writeID)
			got = s.runWithKey(t, write, "import", shop)
			require.Equal(t, 2, got.status)
			require.Contains(t, got.stderr, "API key does not work")
			require.NotContains(t, got.stderr+s.log.String(), write)
			got = s.runWithKey(t, read, "export", "--email", accounts[0].email)
			require.Equal(t, 2, got.status)
			require.Contains(t, got.stderr, "exclude each other")
		})
	}
}

// TestImportThatCannotStart has a status of its own.
func TestImportThatCannotStart(t *testing.T) {
	t.Parallel()
	s := newServer(t, "sqlite", 1)
	shop := absolute(t, importFiles+"shopify.csv")
	broken := filepath.Join(t.TempDir(), "broken.csv")
	require.NoError(t, os.WriteFile(broken, []byte("id,title\n1,A\n"), 0o600))
	for name, test := range map[string]struct {
		got  answer
		want string
	}{
		"wrong password": {s.runAsAdmin(t, "not the password", "import", shop), "password is wrong"},
		"no file":        {s.importFile(t, "missing.csv"), "missing.csv: no such file"},
		"unknown format": {s.importFile(t, broken), "no known format"},
		"no server":      {s.importFile(t, "--server", "http://127.0.0.1:1", shop), "connection refused"},
		"bad filter": {
			s.runAsAdmin(t, accounts[0].password, "export", "--filter", `brand = "`, "out.csv"), "filter",
		},
	} {
		require.Equal(t, 2, test.got.status, name)
		require.Contains(t, test.got.stderr, test.want, name)
		require.NotContains(t, test.got.stderr, "goroutine", name)
	}
	require.NoFileExists(t, filepath.Join(s.dataDir, "out.csv"))
	require.Empty(t, s.everything(t, "ProductService/ListProducts", "products"))
}
