package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/zebrands/catalog/internal/web"
)

// consolePolicy is the Content-Security-Policy of the console: nothing but our own files, and nothing
// inline. Pictures of products may be anywhere.
const consolePolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; " +
	"connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

var errNoIndex = errors.New("console: there is no index.html")

// newConsole returns the handler of the web console that is built in dist. Its files are below their
// own paths, and index.html is at every path that may be a page of the console: those without a dot.
// Every other request, among them those for methods of the API that do not exist, goes to next.
func newConsole(dist fs.FS, next http.Handler) (http.Handler, error) {
	files, err := web.Files(dist, func(path string) string {
		if strings.HasPrefix(path, "/assets/") { // their names hold a digest
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
