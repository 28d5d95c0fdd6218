package e2e

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTools calls the server with the tools that people have at hand. buf and grpcurl learn the
// contract from the server's reflection.
func TestTools(t *testing.T) {
	s := newServer(t, "sqlite", 1)
	s.must(t, "admin", "ProductService/CreateProduct", object{"product": product("tool-1")})
	const request = `{"sku": "tool-1"}`
	const path = "/catalog.v1.ProductService/GetProduct"
	addr := s.base[len("http://"):]

	for name, command := range map[string][]string{
		"curl": {
			"curl", "--fail-with-body", "--silent", "--show-error",
			"--header", "Content-Type: application/json", "--data", request, s.base + path,
		},
		"curl GET": {
			"curl", "--fail-with-body", "--silent", "--show-error", "--get",
			"--data-urlencode", "encoding=json", "--data-urlencode", "message=" + request, s.base + path,
		},
		"curl over HTTP2": {
			"curl", "--fail-with-body", "--silent", "--show-error", "--http2-prior-knowledge",
			"--header", "Content-Type: application/json", "--data", request, s.base + path,
		},
		"buf curl": {
			"go", "tool", "-modfile=../../tools/go.mod", "buf", "curl",
			"--http2-prior-knowledge", "--protocol", "grpc", "--data", request, s.base + path,
		},
		"grpcurl": {
			"go", "tool", "-modfile=../../tools/go.mod", "grpcurl",
			"-plaintext", "-d", request, addr, path[1:],
		},
		"grpcurl with a token": {
			"go", "tool", "-modfile=../../tools/go.mod", "grpcurl",
			"-plaintext", "-H", "Authorization: Bearer " + s.token(t, "admin"), "-d", request, addr, path[1:],
		},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Stderr = &stderr
			output, err := cmd.Output()
			require.NoError(t, err, "%s%s", output, &stderr)
			answer := decodeObject(t, output)
			require.NoError(t, match("", object{
				"product": object{"sku": "tool-1", "price": object{"amount": "1.00", "currencyCode": "USD"}},
			}, answer))
		})
	}
	t.Run("grpcurl lists the services", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../tools/go.mod", "grpcurl",
			"-plaintext", addr, "list")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		for _, service := range services() {
			require.Contains(t, string(output), string(service.FullName()))
		}
	})
}
