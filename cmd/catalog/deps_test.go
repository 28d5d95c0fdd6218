package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever starts the catalog compiles all that it imports, and the binary holds it: see docs/adr/0028-dependencies.md.
func TestProgramLeavesOut(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	packages := strings.Fields(string(output))
	require.Contains(t, packages, "github.com/zebrands/catalog/internal/app")
	for _, c := range []struct{ path, why string }{
		{"testing", "for tests"},
		{"github.com/stretchr/testify", "for tests"},
		{"github.com/google/go-cmp", "for tests"},
		{"go.uber.org/goleak", "for tests"},
		{"github.com/santhosh-tekuri/jsonschema", "for tests"},
		{"github.com/zebrands/catalog/test", "for tests"},
		{"github.com/anishathalye/porcupine", "for drills"},
		{"gonum.org/v1", "for benchmarks"},
		{"entgo.io/ent/entc", "generates package ent"},
		{"entgo.io/ent/dialect/sql/schema", "compares schemas, for new migrations"},
		{"ariga.io/atlas", "compares schemas, for new migrations"},
		{"github.com/hashicorp/hcl", "is Atlas's"},
		{"github.com/zclconf/go-cty", "is Atlas's"},
		{"go.opentelemetry.io/contrib/exporters/autoexport", "brings every exporter"},
		{"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc", "is OTLP over gRPC"},
		{"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc", "is OTLP over gRPC"},
		{"go.opentelemetry.io/otel/sdk/log", "exports logs"},
	} {
		for _, name := range packages {
			if name == c.path || strings.HasPrefix(name, c.path+"/") {
				t.Errorf("the program imports %s, which %s", name, c.why)
			}
		}
	}
}
