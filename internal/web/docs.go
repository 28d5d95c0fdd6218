// Package web serves the files of web pages, and the pages about the API: a reference that people can try, a
// quickstart, and the OpenAPI document that the reference is made from. The pages load nothing from other
// servers.
package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
)

// docs holds the pages and their files. Swagger UI 5.35.0 is among them as it was published; see
// docs/swagger-ui.txt.
//
//go:embed docs
var docs embed.FS

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

// MountDocs mounts the pages of a server that people reach at a public URL.
func MountDocs(mux *http.ServeMux, publicURL string) error {
	u, err := url.Parse(publicURL)
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	templates, err := template.ParseFS(docs, "docs/*.html")
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	this := server{URL: publicURL, Host: u.Host, TLS: u.Scheme == "https"}
	for path, name := range pages {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, name, this); err != nil {
			return fmt.Errorf("API pages: %w", err)
		}
		mux.Handle("GET "+path, Page(policy, NewFile(name, b.Bytes(), Revalidate)))
	}
	assets, err := fs.Sub(docs, "docs/assets")
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	files, err := Files(assets, func(string) string { return Revalidate })
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	for path, file := range files {
		mux.Handle("GET /docs/assets"+path, file)
	}
	mux.Handle("GET /openapi.json", NewFile("openapi.json", openAPI, Revalidate))
	return nil
}
