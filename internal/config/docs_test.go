package config_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
)

const docsPath = "../../docs/configuration.md"

var updateDocs = flag.Bool("update", false, "write docs/configuration.md instead of comparing with it")

const docsHead = `# Configuration

Every setting of ` + "`catalog serve`" + `, generated from the struct in ` + "`internal/config`" + `
(` + "`go test ./internal/config -update`" + `). Each flag is also an environment variable; a file ` + "`.env`" + ` in the
working directory sets variables that are not set already. An invalid value ends the start with one line that
names it. Durations use Go's syntax, such as ` + "`300ms`, `30s` or `1h`" + `.

| flag | environment | default | meaning |
|---|---|---|---|
`

// TestDocumentation checks that docs/configuration.md is up to date with the struct.
func TestDocumentation(t *testing.T) {
	parser, err := kong.New(&config.Config{})
	require.NoError(t, err)
	var page strings.Builder
	page.WriteString(docsHead)
	for _, group := range parser.Model.AllFlags(true) {
		for _, f := range group {
			if f.Name == "help" {
				continue
			}
			help := strings.NewReplacer("|", `\|`, "${enum}", strings.ReplaceAll(f.Enum, ",", ", ")).Replace(f.Help)
			value := ""
			if f.Default != "" {
				value = "`" + f.Default + "`"
			}
			fmt.Fprintf(&page, "| `--%s` | `%s` | %s | %s |\n", f.Name, strings.Join(f.Envs, "`, `"), value, help)
		}
	}
	if *updateDocs {
		require.NoError(t, os.WriteFile(docsPath, []byte(page.String()), 0o600))
		return
	}
	written, err := os.ReadFile(docsPath)
	require.NoError(t, err)
	require.Equal(t, page.String(), string(written), "run go test ./internal/config -update")
}
