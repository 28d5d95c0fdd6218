package fault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReasonsAreDocumented checks that docs/errors.md and the constants list the same reasons.
func TestReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	require.NoError(t, err)
	errorsPart, fieldsPart, found := strings.Cut(string(page), "\n## Fields\n")
	require.True(t, found)
	require.ElementsMatch(t, declared(t, "reasons.go", "Reason"), documented(errorsPart))
	require.ElementsMatch(t, declared(t, "fieldreasons.go", "FieldReason"), documented(fieldsPart))
}

// documented returns the first column of the tables in a page.
func documented(page string) []string {
	var names []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	return names
}

// declared returns the constants of a type in a file.
func declared(t *testing.T, path, typeName string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	var reasons []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typeName {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			reasons = append(reasons, value)
		}
		return true
	})
	require.NotEmpty(t, reasons)
	return reasons
}
