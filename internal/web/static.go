package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Values of Cache-Control.
const (
	// Immutable is for files whose name changes with their content (content hash).
	Immutable = "public, max-age=31536000, immutable"
	// Revalidate makes browsers revalidate each time, by ETag.
	Revalidate = "no-cache"
)

// minSavings is the divisor of the part of a file that compression must save: 10 means 10 %.
const minSavings = 10

// contentTypes takes precedence over the machine's MIME table, so that answers do not depend on it.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".ico":   "image/x-icon",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".webp":  "image/webp",
	".woff2": "font/woff2",
}

// File is a handler that answers with one file.
type File struct {
	contentType  string
	cacheControl string
	etag         string
	content      []byte
	// zipped returns the compressed content, or nil if compression saves too little.
	zipped func() []byte
}

// NewFile returns the handler of a file. The extension of name determines its content type.
func NewFile(name string, content []byte, cacheControl string) *File {
	sum := sha256.Sum256(content)
	f := &File{
		contentType:  contentTypes[path.Ext(name)],
		cacheControl: cacheControl,
		etag:         hex.EncodeToString(sum[:12]),
		content:      content,
		zipped:       sync.OnceValue(func() []byte { return zip(content) }),
	}
	if f.contentType == "" {
		f.contentType = mime.TypeByExtension(path.Ext(name))
	}
	return f
}

// ServeHTTP answers with the file, or with 304 if the client has it. Route only GET and HEAD here.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", f.cacheControl)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept-Encoding")
	if f.contentType != "" {
		header.Set("Content-Type", f.contentType)
	}
	content, etag := f.content, f.etag
	if zipped := f.zippedFor(r); zipped != nil {
		content, etag = zipped, etag+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (f *File) zippedFor(r *http.Request) []byte {
	if r.Header.Get("Range") != "" || !acceptsGzip(r.Header.Get("Accept-Encoding")) {
		return nil
	}
	return f.zipped()
}

// acceptsGzip parses an Accept-Encoding header (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.TrimSpace(quality), "q=0.") != "" || strings.TrimSpace(quality) == ""
		}
	}
	return false
}

func zip(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil || w.Close() != nil {
		return nil
	}
	if b.Len() > len(content)-len(content)/minSavings {
		return nil
	}
	return b.Bytes()
}

// Files returns a handler for each file of a tree by its path, which begins with a slash. It skips hidden
// files and folders. cacheControl returns the Cache-Control header of a path.
func Files(tree fs.FS, cacheControl func(path string) string) (map[string]*File, error) {
	files := map[string]*File{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := name != "." && strings.HasPrefix(d.Name(), "."); hidden && d.IsDir() {
			return fs.SkipDir
		} else if hidden || d.IsDir() {
			return nil
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		files["/"+name] = NewFile(name, content, cacheControl("/"+name))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return files, nil
}

// Page adds the security headers of HTML pages to next, with policy as the Content-Security-Policy.
func Page(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Referrer-Policy", "no-referrer") // one-time links contain their token
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// WithStatus returns w with the status of a complete file, 200, replaced by an error's. Nothing caches the response.
func WithStatus(w http.ResponseWriter, status int) http.ResponseWriter {
	return &statusWriter{w, status}
}

type statusWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader replaces status 200.
func (w *statusWriter) WriteHeader(status int) {
	if status == http.StatusOK {
		status = w.status
		w.Header().Del("ETag")
		w.Header().Set("Cache-Control", "no-store")
	}
	w.ResponseWriter.WriteHeader(status)
}
