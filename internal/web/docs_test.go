package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/web"
	"github.com/zebrands/catalog/test/openapi"
)

func get(t *testing.T, publicURL, path string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	require.NoError(t, web.MountDocs(mux, publicURL, "v1.2.3"))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w
}

func TestPagesAskOnlyThisServer(t *testing.T) {
	for _, path := range []string{"/docs", "/docs/quickstart"} {
		page := get(t, "https://catalog.example", path)
		require.Equal(t, http.StatusOK, page.Code)
		require.NotContains(t, page.Header().Get("Content-Security-Policy"), "unsafe")
		require.NotRegexp(t, `<script>|<style|onclick=|style=`, page.Body.String(), "nothing inline")
		for _, link := range regexp.MustCompile(`(?:src|<link[^>]* href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1) {
			require.True(t, strings.HasPrefix(link[1], "/"), link[1])
			if strings.HasPrefix(link[1], "/docs/") {
				require.Equal(t, http.StatusOK, get(t, "https://catalog.example", link[1]).Code, link[1])
			}
		}
	}
}

func TestQuickstartNamesTheServer(t *testing.T) {
	page := get(t, "https://catalog.example", "/docs/quickstart").Body.String()
	require.Contains(t, page, "curl https://catalog.example/catalog.v1.ProductService/")
	require.Contains(t, page, "grpcurl catalog.example list")
	require.NotContains(t, page, "http2-prior-knowledge")
	page = get(t, "http://localhost:8080", "/docs/quickstart").Body.String()
	require.Contains(t, page, "grpcurl -plaintext localhost:8080 list")
	require.Contains(t, page, "--http2-prior-knowledge")
}

// operation is the part of an OpenAPI operation that the tests check.
type operation struct {
	Security    []map[string][]string `json:"security"`
	Description string                `json:"description"`
	Responses   map[string]struct {
		Reference string                     `json:"$ref"`
		Headers   map[string]json.RawMessage `json:"headers"`
	} `json:"responses"`
	RequestBody struct {
		Content map[string]struct {
			Example json.RawMessage `json:"example"`
		} `json:"content"`
	} `json:"requestBody"`
}

func TestDocumentFollowsTheContract(t *testing.T) {
	var document struct {
		OpenAPI string                          `json:"openapi"`
		Paths   map[string]map[string]operation `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(get(t, "http://localhost", "/openapi.json").Body.Bytes(), &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	protoregistry.GlobalFiles.RangeFilesByPackage("catalog.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				method := methods.Get(j)
				path := "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
				if method.IsStreamingServer() {
					require.NotContains(t, document.Paths, path)
					continue
				}
				post, ok := document.Paths[path]["post"]
				require.True(t, ok, path)
				require.Equal(t, securityOf(method), post.Security, path)
				require.NotContains(t, post.Description, "\n ", path)
				require.NotEmpty(t, post.RequestBody.Content["application/json"].Example, path)
				get, reads := document.Paths[path]["get"]
				require.Equal(t, isSafe(method), reads, path)
				require.Equal(t, reads, get.Responses["304"].Reference == "#/components/responses/NotModified", path)
				require.Equal(t, reads, len(get.Responses["200"].Headers) == 2, path)
				delete(document.Paths, path)
			}
		}
		return true
	})
	require.Empty(t, document.Paths, "methods that are not there")
}

// securityOf returns the security requirements of a method.
func securityOf(method protoreflect.MethodDescriptor) []map[string][]string {
	if proto.GetExtension(method.Options(), catalogv1.E_Access) != catalogv1.Access_ACCESS_ADMIN {
		return nil
	}
	security := []map[string][]string{{"accessToken": {}}}
	if proto.GetExtension(method.Options(), catalogv1.E_ApiKey) != catalogv1.KeyAccess_KEY_ACCESS_UNSPECIFIED {
		security = append(security, map[string][]string{"apiKey": {}})
	}
	return security
}

// TestExamplesConformToTheirSchemas checks the examples that readers copy.
func TestExamplesConformToTheirSchemas(t *testing.T) {
	document := parseDocument(t)
	for path, item := range document.Get("paths").(map[string]any) {
		post := []string{"paths", path, "post", "requestBody", "content", "application/json"}
		example, err := json.Marshal(document.Get(append(post, "example")...))
		require.NoError(t, err)
		require.NoError(t, document.Check(example, append(post, "schema")...), path)
		name := protoreflect.FullName(strings.ReplaceAll(path[1:], "/", "."))
		method, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		require.NoError(t, err)
		request := dynamicpb.NewMessage(method.(protoreflect.MethodDescriptor).Input())
		require.NoError(t, protojson.Unmarshal(example, request), path) // knows fields that open schemas do not
		if item.(map[string]any)["get"] == nil {
			continue
		}
		message, ok := document.Get("paths", path, "get", "parameters").([]any)[0].(map[string]any)
		require.True(t, ok, path)
		require.JSONEq(t, string(example), message["example"].(string), path)
		reference := document.Get(append(post, "schema")...)
		require.Equal(t, reference, message["schema"].(map[string]any)["contentSchema"], path)
	}
	for name, schema := range document.Get("components", "schemas").(map[string]any) {
		examples, _ := schema.(map[string]any)["examples"].([]any)
		for _, example := range examples {
			encoded, err := json.Marshal(example)
			require.NoError(t, err)
			require.NoError(t, document.Check(encoded, "components", "schemas", name))
		}
	}
}

// TestResponsesMayGrow keeps what generators make of the document usable with newer servers, and in updates.
func TestResponsesMayGrow(t *testing.T) {
	document := parseDocument(t)
	schemas := document.Get("components", "schemas").(map[string]any)
	for name, schema := range schemas {
		encoded, err := json.Marshal(schema)
		require.NoError(t, err)
		for _, keyword := range []string{`"readOnly":`, `"oneOf":`, `"anyOf":`, `"allOf":`, `"discriminator":`, `"type":[`} {
			require.NotContains(t, string(encoded), keyword, name)
		}
		require.Regexp(t, `^[A-Z][A-Za-z]*$`, name)
	}
	for _, name := range []string{"Product", "Admin", "UpdateProductResponse", "Error", "ErrorDetail", "ProductChangeFieldChange"} {
		require.Contains(t, schemas, name)
		require.NoError(t, document.Check([]byte(`{"field_of_a_newer_server": {}}`), "components", "schemas", name))
	}
	require.Error(t, document.Check([]byte(`{"unknown": 1}`), "components", "schemas", "UpdateProductRequest"),
		"the server refuses unknown fields")
}

func parseDocument(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Parse(get(t, "http://localhost", "/openapi.json").Body.Bytes())
	require.NoError(t, err)
	return document
}

func isSafe(method protoreflect.MethodDescriptor) bool {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
