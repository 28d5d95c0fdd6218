package app_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/clients/console"
	"github.com/zebrands/catalog/internal/build"
)

func TestConsole(t *testing.T) {
	c := boot(t, settings(t))
	for _, path := range []string{"/", "/p/0190a6b0-0000-7000-8000-000000000001", "/setup", "/sign-in/", "/admin", "/admin/", "/admin/products", "/admin/products/new"} {
		status, header, body := get(t, c.URL()+path)
		require.Equal(t, http.StatusOK, status, path)
		require.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
		require.Equal(t, "no-cache", header.Get("Cache-Control"))
		require.NotEmpty(t, header.Get("ETag"))
		require.Contains(t, body, `<div id="root">`)
		policy := header.Get("Content-Security-Policy")
		require.Contains(t, policy, "script-src 'self'; style-src 'self'; img-src 'self' https: data:;")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.NotRegexp(t, `<script>|<style|onclick|style=`, body, "nothing inline")
	}
}

func TestFilesOfTheConsole(t *testing.T) {
	c := boot(t, settings(t))
	_, _, index := get(t, c.URL()+"/")
	links := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(index, -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		if !strings.Contains(link[1], ".") {
			continue
		}
		status, header, body := get(t, c.URL()+link[1])
		require.Equal(t, http.StatusOK, status, link[1])
		require.NotEmpty(t, body)
		if strings.HasPrefix(link[1], "/assets/") {
			require.Equal(t, "public, max-age=31536000, immutable", header.Get("Cache-Control"))
		} else {
			require.Equal(t, "no-cache", header.Get("Cache-Control"))
		}
	}
	require.NoError(t, fs.WalkDir(console.Dist, "dist/assets", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			require.Regexp(t, `-[A-Za-z0-9_-]{8}\.\w+$`, path, "what browsers keep for good has a digest in its name")
		}
		return err
	}))
}

func TestWhatIsNoPageIsTheAPIs(t *testing.T) {
	c := boot(t, settings(t))
	for _, call := range []struct{ method, path string }{
		{http.MethodGet, "/catalog.v1.ProductService/Nope"},
		{http.MethodPost, "/catalog.v1.ProductService/Nope"},
		{http.MethodPost, "/catalog.v1.Nope/Nope"},
		{http.MethodPost, "/"},
		{http.MethodPost, "/admin/products"},
		{http.MethodGet, "/assets/missing.js"},
		{http.MethodGet, "/.vite/manifest.json"},
		{http.MethodGet, "/index.php"},
		{http.MethodGet, "/anything"},
		{http.MethodGet, "/metrics"},
		{http.MethodGet, "/v1/products"},
		{http.MethodGet, "/p"},
		{http.MethodGet, "/p/a/b"},
		{http.MethodHead, "/admin/anything"},
	} {
		status, header, body := do(t, call.method, c.URL()+call.path, "{}", "Content-Type", "application/json")
		require.Equal(t, http.StatusNotFound, status, call.path)
		require.Equal(t, "application/json", header.Get("Content-Type"))
		if call.method != http.MethodHead {
			require.Contains(t, body, "METHOD_NOT_FOUND")
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, c.URL()+"/sign-in", http.NoBody)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Empty(t, body)
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func TestBrowsersGetAPageThatSaysNotFound(t *testing.T) {
	c := boot(t, settings(t))
	for _, path := range []string{"/anything", "/admin/anything", "/p/a/b", "/metrics"} {
		status, header, body := do(t, http.MethodGet, c.URL()+path, "", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		require.Equal(t, http.StatusNotFound, status, path)
		require.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
		require.Equal(t, "no-store", header.Get("Cache-Control"))
		require.Empty(t, header.Get("ETag"))
		require.NotEmpty(t, header.Get("Content-Security-Policy"))
		require.Contains(t, body, `<div id="root">`)
	}
	// A page is HTML whatever the caller accepts.
	status, header, _ := do(t, http.MethodGet, c.URL()+"/sign-in", "", "Accept", "application/json")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
}

func TestVersion(t *testing.T) {
	c := boot(t, settings(t))
	var version struct {
		Version string `json:"version"`
	}
	status, header, body := get(t, c.URL()+"/version")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "application/json", header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(body), &version))
	require.Equal(t, build.Read().Version, version.Version)

	var document struct {
		Info struct {
			Version string `json:"version"`
		} `json:"info"`
	}
	_, _, body = get(t, c.URL()+"/openapi.json")
	require.NoError(t, json.Unmarshal([]byte(body), &document))
	require.Equal(t, version.Version, document.Info.Version)
}

func TestEveryResponseIsClosedToBrowsers(t *testing.T) {
	c := boot(t, settings(t))
	for path, page := range map[string]bool{
		"/": true, "/docs": true, "/nowhere": false, "/openapi.json": false, "/version": false, "/livez": false, "/readyz": false,
		"/.well-known/jwks.json": false, "/catalog.v1.ProductService/ListProducts?connect=v1&encoding=json&message={}": false,
		"/catalog.v1.AdminService/ListAdmins": false,
	} {
		t.Run(path, func(t *testing.T) {
			_, header, _ := do(t, http.MethodGet, c.URL()+path, "")
			require.Equal(t, []string{"nosniff"}, header.Values("X-Content-Type-Options"))
			require.Equal(t, []string{"no-referrer"}, header.Values("Referrer-Policy"))
			policies := header.Values("Content-Security-Policy")
			require.Len(t, policies, 1)
			require.Contains(t, policies[0], "frame-ancestors 'none'")
			require.Contains(t, policies[0], "base-uri 'none'")
			require.Equal(t, !page, strings.HasSuffix(policies[0], "; sandbox"))
		})
	}
}
