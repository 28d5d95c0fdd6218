package app

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/rpc"
)

//go:embed web
var web embed.FS

// pagePolicy is the Content-Security-Policy of every page: nothing but our own files.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type docsPage struct {
	BaseURL  string
	Services []docsService
}

type docsService struct {
	Name    protoreflect.FullName
	Methods []docsMethod
}

type docsMethod struct{ Name, Who, HTTP string }

// mountPages mounts the pages and their files.
func mountPages(mux *http.ServeMux, services []string, baseURL string) error {
	templates, err := template.ParseFS(web, "web/*.html")
	if err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	docs, err := describe(services, baseURL)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "docs.html", docs); err != nil {
		return fmt.Errorf("page docs: %w", err)
	}
	mux.Handle("GET /docs", pageHandler(b.Bytes()))
	files, err := fs.Sub(web, "web")
	if err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	mux.Handle("GET /assets/style.css", http.StripPrefix("/assets/", noSniff(http.FileServerFS(files))))
	return nil
}

func pageHandler(html []byte) http.Handler {
	return noSniff(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(html) // fails only if nobody reads
	}))
}

func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// describe lists the methods of services from their descriptors.
func describe(services []string, baseURL string) (docsPage, error) {
	page := docsPage{BaseURL: baseURL}
	for _, name := range services {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return docsPage{}, fmt.Errorf("describe %s: %w", name, err)
		}
		service, ok := d.(protoreflect.ServiceDescriptor)
		if !ok {
			return docsPage{}, fmt.Errorf("describe %s: not a service", name)
		}
		described := docsService{Name: service.FullName()}
		for i := range service.Methods().Len() {
			described.Methods = append(described.Methods, describeMethod(service.Methods().Get(i)))
		}
		page.Services = append(page.Services, described)
	}
	return page, nil
}

func describeMethod(method protoreflect.MethodDescriptor) docsMethod {
	m := docsMethod{Name: string(method.Name()), Who: "administrators", HTTP: "POST"}
	if rpc.AccessOf(connect.Spec{Schema: method}) == catalogv1.Access_ACCESS_PUBLIC {
		m.Who = "anybody"
	}
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		m.HTTP = "POST, GET"
	}
	return m
}
