// Package web serves static files and the API documentation: an interactive reference, a quickstart, and the
// OpenAPI document. The pages load nothing from other servers.
package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
)

// docs holds the pages and their assets, including an unmodified Swagger UI 5.35.0; see docs/swagger-ui.txt.
//
//go:embed docs
var docs embed.FS

//go:embed openapi/openapi.json
var openAPI []byte

// policy is the Content-Security-Policy of the pages: only files of this server, nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

// pages maps URL paths to templates.
var pages = map[string]string{"/docs": "reference.html", "/docs/quickstart": "quickstart.html"}

// server is the data of the templates.
type server struct {
	URL  string // the public URL
	Host string // host and port of URL
	TLS  bool   // URL is https
}

var errNoVersion = errors.New("API pages: openapi.json has no version to replace")

// MountDocs mounts the documentation of the server at publicURL. version is the program's, and becomes the
// info.version of the OpenAPI document.
func MountDocs(mux *http.ServeMux, publicURL, version string) error {
	u, err := url.Parse(publicURL)
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	templates, err := template.ParseFS(docs, "docs/*.html")
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	data := server{URL: publicURL, Host: u.Host, TLS: u.Scheme == "https"}
	for path, name := range pages {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, name, data); err != nil {
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
	quoted, err := json.Marshal(version)
	if err != nil {
		return fmt.Errorf("API pages: %w", err)
	}
	before, after, found := bytes.Cut(openAPI, []byte(`"version": "v1"`))
	if !found {
		return errNoVersion
	}
	document := slices.Concat(before, []byte(`"version": `), quoted, after)
	mux.Handle("GET /openapi.json", NewFile("openapi.json", document, Revalidate))
	return nil
}
