package app

import (
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

// newConsole returns the handler of the web console, built in dist. It serves files at their paths, and index.html
// at every path without a dot, which may be a page of the console (single-page application). All other requests,
// including unknown API methods, go to next.
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
	handlers := map[string]http.Handler{}
	for path, file := range files {
		handlers[path] = web.Page(consolePolicy, file)
	}
	page := web.Page(consolePolicy, index)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler := next
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			if file, ok := handlers[r.URL.Path]; ok {
				handler = file
			} else if !strings.Contains(r.URL.Path, ".") {
				handler = page
			}
		}
		handler.ServeHTTP(w, r)
	}), nil
}
