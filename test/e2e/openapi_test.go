package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/zebrands/catalog/test/openapi"
)

// openAPI reads the OpenAPI document.
var openAPI = sync.OnceValues(func() (*openapi.Document, error) {
	raw, err := os.ReadFile("../../internal/web/openapi/openapi.json")
	if err != nil {
		return nil, err
	}
	return openapi.Parse(raw)
})

// documented is a transport whose calls fail if a JSON response of an RPC does not conform to the OpenAPI document, or a
// request that succeeded.
type documented struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (d documented) RoundTrip(req *http.Request) (*http.Response, error) {
	document, err := openAPI()
	if err != nil {
		return nil, err
	}
	path, verb := req.URL.Path, strings.ToLower(req.Method)
	if document.Get("paths", path, verb) == nil {
		return d.RoundTripper.RoundTrip(req)
	}
	message := []byte(req.URL.Query().Get("message"))
	schema := []string{"paths", path, verb, "parameters", "0", "schema", "contentSchema"}
	if req.Body != nil && verb == "post" {
		if message, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(message))
		schema = []string{"paths", path, verb, "requestBody", "content", "application/json", "schema"}
	}
	resp, err := d.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err := checkResponse(document, resp, path, verb, body); err != nil {
		return nil, fmt.Errorf("response of %s %s, against the OpenAPI document: %w", verb, path, err)
	}
	if resp.StatusCode == http.StatusOK && req.Header.Get("Content-Encoding") == "" && isJSON(req) {
		if err := document.Check(message, schema...); err != nil {
			return nil, fmt.Errorf("request of %s %s, against the OpenAPI document: %w", verb, path, err)
		}
	}
	return resp, nil
}

// isJSON reports whether a request is JSON without base64.
func isJSON(req *http.Request) bool {
	query := req.URL.Query()
	return strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") ||
		query.Get("encoding") == "json" && query.Get("base64") != "1" && query.Get("compression") == ""
}

// checkResponse returns an error if a JSON response does not conform to the document.
func checkResponse(document *openapi.Document, resp *http.Response, path, verb string, body []byte) error {
	if resp.StatusCode == http.StatusNotModified || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return nil
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		if body, err = io.ReadAll(unpacked); err != nil {
			return err
		}
	}
	status := "default"
	if resp.StatusCode == http.StatusOK {
		status = "200"
	}
	return document.Check(body, "paths", path, verb, "responses", status, "content", "application/json", "schema")
}
