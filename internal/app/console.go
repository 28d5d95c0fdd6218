package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/zebrands/catalog/internal/web"
)

// consolePolicy is the Content-Security-Policy of the console: only files of this server, nothing inline. Product
// images may be on any host.
const consolePolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; " +
	"connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

var errNoIndex = errors.New("console: there is no index.html")

// pathsFile lists the paths of the console's pages, in dist. "$" begins a segment that has any value.
const pathsFile = ".vite/paths.json"

// newConsole returns the handler of the web console, built in dist. It serves files at their paths, and index.html
// at the paths of pages (single-page application). A browser that asks for another page gets index.html with status
// 404. All other requests, including unknown API methods, go to next.
func newConsole(dist fs.FS, next http.Handler) (http.Handler, error) {
	files, err := web.Files(dist, func(path string) string {
		if strings.HasPrefix(path, "/assets/") { // content-hashed names
			return web.Immutable
		}
		return web.Revalidate
	})
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	index, ok := files["/index.html"]
	if !ok {
		return nil, errNoIndex
	}
	page := web.Page(consolePolicy, index)
	pages, err := consolePages(dist, page)
	if err != nil {
		return nil, err
	}
	for path, file := range files {
		pages.Handle("GET "+path, web.Page(consolePolicy, file))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch handler, pattern := pages.Handler(r); {
		case pattern != "" && !strings.HasSuffix(r.URL.Path, "//"):
			handler.ServeHTTP(w, r)
		case acceptsHTML(r) && !strings.Contains(r.URL.Path, "."):
			page.ServeHTTP(web.WithStatus(w, http.StatusNotFound), r)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

// consolePages returns a multiplexer with page at the path of each page of the console.
func consolePages(dist fs.FS, page http.Handler) (*http.ServeMux, error) {
	text, err := fs.ReadFile(dist, pathsFile)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	var paths []string
	if err := json.Unmarshal(text, &paths); err != nil {
		return nil, fmt.Errorf("console: %s: %w", pathsFile, err)
	}
	mux := http.NewServeMux()
	for _, path := range paths {
		segments := strings.Split(path, "/")
		for i, segment := range segments {
			if name, ok := strings.CutPrefix(segment, "$"); ok {
				segments[i] = "{" + name + "}"
			}
		}
		pattern := strings.TrimSuffix(strings.Join(segments, "/"), "/")
		mux.Handle("GET "+pattern+"/{$}", page)
		if pattern != "" {
			mux.Handle("GET "+pattern, page)
		}
	}
	return mux, nil
}

// acceptsHTML reports whether a GET or HEAD names HTML among the types that it accepts, as browsers do.
func acceptsHTML(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), "text/html")
}
