package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/web"
)

var script = strings.Repeat("console.log('catalog');\n", 100)

func getFile(t *testing.T, h http.Handler, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFile(t *testing.T) {
	f := web.NewFile("app.js", []byte(script), web.Immutable)
	plain := getFile(t, f)
	require.Equal(t, script, plain.Body.String())
	require.Equal(t, "text/javascript; charset=utf-8", plain.Header().Get("Content-Type"))
	require.Equal(t, "nosniff", plain.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "public, max-age=31536000, immutable", plain.Header().Get("Cache-Control"))
	require.Equal(t, "Accept-Encoding", plain.Header().Get("Vary"))

	zipped := getFile(t, f, "Accept-Encoding", "br, gzip;q=0.8")
	require.Equal(t, "gzip", zipped.Header().Get("Content-Encoding"))
	require.Less(t, zipped.Body.Len(), len(script)/10)
	r, err := gzip.NewReader(zipped.Body)
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, script, string(content))

	require.NotEqual(t, plain.Header().Get("ETag"), zipped.Header().Get("ETag"))
	for _, w := range []*httptest.ResponseRecorder{plain, zipped} {
		same := getFile(t, f, "If-None-Match", w.Header().Get("ETag"), "Accept-Encoding", w.Header().Get("Content-Encoding"))
		require.Equal(t, http.StatusNotModified, same.Code)
		require.Empty(t, same.Body.String())
	}
	part := getFile(t, f, "Range", "bytes=0-6", "Accept-Encoding", "gzip")
	require.Equal(t, "console", part.Body.String())
}

func TestGzipOnlyWhereItIsWantedAndSaves(t *testing.T) {
	f := web.NewFile("app.js", []byte(script), web.Revalidate)
	for header, want := range map[string]string{
		"": "", "br": "", "gzip;q=0": "", "gzip; q=0.000": "", "identity, gzip ;q=0": "",
		"gzip": "gzip", "GZIP": "gzip", "deflate, gzip": "gzip", "gzip;q=1.0": "gzip", "gzip; q=0.001": "gzip",
	} {
		require.Equal(t, want, getFile(t, f, "Accept-Encoding", header).Header().Get("Content-Encoding"), header)
	}
	small := web.NewFile("a.svg", []byte("<svg/>"), web.Revalidate)
	require.Empty(t, getFile(t, small, "Accept-Encoding", "gzip").Header().Get("Content-Encoding"))
}

func TestFiles(t *testing.T) {
	tree := fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "assets/app.js": {Data: []byte(script)},
		".vite/manifest.json": {Data: []byte("{}")}, ".secret": {Data: []byte("x")}, "assets/_chunk.js": {Data: []byte("x")},
	}
	files, err := web.Files(tree, func(path string) string { return "max-age=" + path })
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Equal(t, "max-age=/assets/app.js", getFile(t, files["/assets/app.js"]).Header().Get("Cache-Control"))
	require.Equal(t, "text/html; charset=utf-8", getFile(t, files["/index.html"]).Header().Get("Content-Type"))
}

func TestPage(t *testing.T) {
	header := getFile(t, web.Page("default-src 'self'", web.NewFile("a.html", nil, web.Revalidate))).Header()
	require.Equal(t, "default-src 'self'", header.Get("Content-Security-Policy"))
	require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
	require.Equal(t, "same-origin", header.Get("Cross-Origin-Opener-Policy"))
	require.NotEmpty(t, header.Get("Permissions-Policy"))
}
