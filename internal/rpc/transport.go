package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/fault"
)

// bodyFactor is how many times the limit of a message a body may hold before the connection is given
// up: up to there the caller can send everything and read a clear answer.
const bodyFactor = 4

// Transport gives a reason to every error that connect answers by itself, before a request reaches the
// interceptors: what cannot be decoded, is too large, has the wrong Content-Type, method or protocol
// headers, or asks for a method that does not exist. Observe must stand outside it.
func Transport(maxRequestBytes int, next http.Handler) http.Handler {
	most := bodyFactor * int64(maxRequestBytes)
	limited := http.MaxBytesHandler(next, most)
	errorWriter := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		c.protocol = protocolOf(r)
		fw := &faultWriter{
			ResponseWriter: w, request: r, call: c, errors: errorWriter, limit: maxRequestBytes,
			contentType: r.Header.Get("Content-Type"), // connect changes it
		}
		if r.ContentLength > most { // before a caller who asked first sends anything
			fw.refuse(r.Context(), w, refusedByConnect(connect.CodeResourceExhausted, "", maxRequestBytes))
			return
		}
		limited.ServeHTTP(fw, r)
		fw.finish(r.Context())
	})
}

// NotFound answers every request as one for a method that does not exist.
func NotFound() http.Handler { return http.NotFoundHandler() }

// Refuse answers every request with a fault. Transport must stand outside it.
func Refuse(f *fault.Error) http.Handler {
	errorWriter := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(errorWriter, w, r, callFrom(r.Context()).fail(r.Context(), f))
	})
}

// writeError answers with an error in the request's protocol.
func writeError(errors *connect.ErrorWriter, w http.ResponseWriter, r *http.Request, err error) {
	_ = errors.Write(w, r, err) // fails only if nobody reads
	if protocolOf(r) == connect.ProtocolGRPC {
		flush(w) // without, net/http announces a length of 0, and proxies such as nginx drop the trailers
	}
}

func protocolOf(r *http.Request) string {
	contentType := r.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(contentType, "application/grpc-web"):
		return connect.ProtocolGRPCWeb
	case strings.HasPrefix(contentType, "application/grpc"):
		return connect.ProtocolGRPC
	default:
		return connect.ProtocolConnect
	}
}

// faultWriter passes an answer on, unless it is an error that did not come from the interceptors: that
// one it replaces.
//
// Connect's errors have a status of their own and a body of JSON; those of gRPC and gRPC-Web are
// headers, which reach the caller behind http.TrailerPrefix or, in gRPC-Web, with the first flush.
type faultWriter struct {
	http.ResponseWriter

	request     *http.Request
	call        *call
	errors      *connect.ErrorWriter
	limit       int
	contentType string

	wroteHeader bool
	held        int // status of the answer that is held back
	body        bytes.Buffer
}

func (w *faultWriter) WriteHeader(status int) {
	if w.wroteHeader || w.held != 0 {
		return
	}
	if status >= http.StatusBadRequest && w.call.reason == "" {
		w.held = status
		return
	}
	w.wroteHeader = true
	w.completeStatus(w.request.Context(), "")
	completeHeader(w.Header(), status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *faultWriter) Write(p []byte) (int, error) {
	if w.held != 0 {
		return w.body.Write(p)
	}
	if !w.wroteHeader {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, which connect asks for.
func (w *faultWriter) Flush() {
	if w.held != 0 {
		return
	}
	if !w.wroteHeader {
		w.WriteHeader(http.StatusOK)
	}
	flush(w.ResponseWriter)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *faultWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *faultWriter) finish(ctx context.Context) {
	if w.held != 0 {
		w.replace(ctx)
		return
	}
	w.completeStatus(ctx, "")
	w.completeStatus(ctx, http.TrailerPrefix)
}

// replace answers with a fault instead of what is held back.
func (w *faultWriter) replace(ctx context.Context) {
	var wire struct {
		Code    connect.Code `json:"code"`
		Message string       `json:"message"`
	}
	var err error
	if json.Unmarshal(w.body.Bytes(), &wire) == nil && wire.Code != 0 {
		err = w.fault(wire.Code, wire.Message)
	} else {
		err = refusedByHTTP(w.held, w.request)
	}
	w.wroteHeader = true
	header := w.Header()
	header.Del("Content-Length")
	w.request.Header.Set("Content-Type", w.contentType)
	out := w.ResponseWriter
	if wire.Code == 0 && w.call.protocol == connect.ProtocolConnect {
		out = fixedStatus{ResponseWriter: out, status: w.held}
	}
	w.refuse(ctx, out, err)
}

func (w *faultWriter) refuse(ctx context.Context, out http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	writeError(w.errors, out, w.request, w.call.fail(ctx, err))
}

// completeStatus adds details to the gRPC status in the headers whose names start with prefix, if there
// is one without a reason.
func (w *faultWriter) completeStatus(ctx context.Context, prefix string) {
	header := w.Header()
	status := header.Get(prefix + "Grpc-Status")
	if status == "" || status == "0" || w.call.reason != "" {
		return
	}
	var code connect.Code
	if err := json.Unmarshal([]byte(status), (*uint32)(&code)); err != nil {
		code = connect.CodeUnknown
	}
	text, err := url.PathUnescape(header.Get(prefix + "Grpc-Message")) // connect escaped it
	if err != nil {
		text = ""
	}
	sink := headerSink{}
	_ = w.errors.Write(sink, w.request, w.call.fail(ctx, w.fault(code, text))) // a headerSink takes everything
	for _, name := range []string{"Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin"} {
		header.Set(prefix+name, http.Header(sink).Get(name))
	}
}

// completeHeader adds what an answer with a status needs besides what connect and others gave it.
func completeHeader(header http.Header, status int) {
	if status >= http.StatusBadRequest {
		header.Set("Cache-Control", "no-store")
	}
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer") // RFC 9110 demands it
	}
	if status == http.StatusNotModified {
		header.Del("Content-Type") // of no body
	}
	if vary := header["Vary"]; len(vary) > 1 {
		// In one line, because some caches heed no second one; in one order, because some compare.
		header.Set("Vary", strings.Join(slices.Sorted(slices.Values(vary)), ", "))
	}
}

// fault returns the fault for an error of connect's own.
func (w *faultWriter) fault(code connect.Code, message string) *fault.Error {
	if w.call.chained { // the request was fine: the answer could not be written
		return internal(connect.NewError(code, textError(message)))
	}
	return refusedByConnect(code, message, w.limit)
}

// fixedStatus answers with a status of its own.
type fixedStatus struct {
	http.ResponseWriter

	status int
}

func (w fixedStatus) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }

// headerSink is a ResponseWriter that keeps nothing but headers.
type headerSink http.Header

func (s headerSink) Header() http.Header       { return http.Header(s) }
func (headerSink) Write(p []byte) (int, error) { return len(p), nil }
func (headerSink) WriteHeader(int)             {}
