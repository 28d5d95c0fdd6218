// Package apidocs serves the pages about the API: a reference that people can try, a quickstart, and
// the OpenAPI document that the reference is made from. The pages ask no other server for anything.
package apidocs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/zebrands/catalog/internal/static"
)

// web holds the pages and their files. Swagger UI 5.35.0 is among them as it was published; see
// web/swagger-ui.txt.
//
//go:embed web
var web embed.FS

//go:embed openapi/openapi.json
var openAPI []byte

// policy is the Content-Security-Policy of the pages: nothing but our own files, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pages are the templates by their paths.
var pages = map[string]string{"/docs": "reference.html", "/docs/quickstart": "quickstart.html"}

// server is what the pages say about the server.
type server struct {
	// URL is the public URL, Host its host and port.
	URL, Host string
	// TLS says that the URL is https.
	TLS bool
}

// Mount mounts the pages of a server that people reach at a public URL.
func Mount(mux *http.ServeMux, publicURL string) error {
	u, err := url.Parse(publicURL)
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	templates, err := template.ParseFS(web, "web/*.html")
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	this := server{URL: publicURL, Host: u.Host, TLS: u.Scheme == "https"}
	for path, name := range pages {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, name, this); err != nil {
			return fmt.Errorf("API pages: %w", err)
		}
		mux.Handle("GET "+path, static.Page(policy, static.NewFile(name, b.Bytes(), static.Revalidate)))
	}
	assets, err := fs.Sub(web, "web/assets")
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	files, err := static.Files(assets, func(string) string { return static.Revalidate })
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	for path, file := range files {
		mux.Handle("GET /docs/assets"+path, file)
	}
	mux.Handle("GET /openapi.json", static.NewFile("openapi.json", openAPI, static.Revalidate))
	return nil
}
