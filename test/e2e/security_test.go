package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSecurityTable holds docs/security.md to the tests that it cites as proof: those in Go by their names, those in the
// browser by their titles.
func TestSecurityTable(t *testing.T) {
	table, err := os.ReadFile("../../docs/security.md")
	require.NoError(t, err)
	tests := declared(t, "../..", "_test.go", regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`))
	cited := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`").FindAllStringSubmatch(string(table), -1)
	require.NotEmpty(t, cited)
	for _, match := range cited {
		require.Contains(t, tests, match[1])
	}

	titles := declared(t, "../../clients/console/e2e", ".test.ts", regexp.MustCompile(`\btest\("([^"]+)"`))
	var browser int
	for _, clause := range regexp.MustCompile(`browser tests? (".*?")[).:;]`).FindAllStringSubmatch(string(table), -1) {
		for _, title := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(clause[1], -1) {
			require.Contains(t, titles, title[1])
			browser++
		}
	}
	require.Equal(t, strings.Count(string(table), `"`)/2, browser, "titles are in double quotes, and nothing else is")

	const chapters = 17
	for chapter := range chapters {
		require.Regexp(t, fmt.Sprintf(`(?m)^## V%d `, chapter+1), string(table))
	}
}

// declared returns what a pattern's first group matches in the files below a folder whose names have a suffix.
func declared(t *testing.T, folder, suffix string, pattern *regexp.Regexp) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == ".bin") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
			found[match[1]] = true
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}
