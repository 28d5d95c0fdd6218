package rpc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/fault"
)

// bodyFactor is the maximum size of a body as a multiple of the message limit, before the connection is closed: up to
// it the caller can send the whole body and read a clear error.
const bodyFactor = 4

// lingerTime is how long the connection of an HTTP/1.1 request whose body was not read stays open after the response,
// so that a caller that is still sending can read it.
const lingerTime = 5 * time.Second

// The body of an HTTP/2 request that was not read is read after the response, up to drainBytes and for drainTime.
const (
	drainBytes = 64 << 10
	drainTime  = time.Second
)

// Transport adds a reason to every error that Connect creates itself, before a request reaches the interceptors: for
// undecodable or oversized requests, for a wrong Content-Type, HTTP method or protocol header, and for unknown
// methods. A response that does not depend on the body is sent without reading it. Observe must be outside of it.
func Transport(maxRequestBytes int, next http.Handler) http.Handler {
	most := bodyFactor * int64(maxRequestBytes)
	errorWriter := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		c.protocol = protocolOf(r)
		fw := &faultWriter{
			ResponseWriter: w, request: r, call: c, errors: errorWriter, limit: maxRequestBytes,
			contentType: r.Header.Get("Content-Type"), // Connect changes it
		}
		if r.ContentLength > most { // before a caller with Expect: 100-continue sends anything
			fw.refuse(r.Context(), w, refusedByConnect(connect.CodeResourceExhausted, "", maxRequestBytes))
			return
		}
		limited := *r
		fw.body.ReadCloser = http.MaxBytesReader(fw, r.Body, most)
		limited.Body = &fw.body
		next.ServeHTTP(fw, &limited)
		fw.finish(r.Context())
		fw.drain()
	})
}

// NotFound responds to every request as to an unknown method.
func NotFound() http.Handler { return http.NotFoundHandler() }

// Refuse responds to every request with a fault. Transport must be outside of it.
func Refuse(f *fault.Error) http.Handler {
	errorWriter := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(errorWriter, w, r, callFrom(r.Context()).fail(r.Context(), f))
	})
}

// writeError sends an error in the request's protocol.
func writeError(errors *connect.ErrorWriter, w http.ResponseWriter, r *http.Request, err error) {
	_ = errors.Write(w, r, err) // fails only if the client is gone
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

// faultWriter forwards a response, unless it is an error that did not come from the interceptors: it replaces that
// one.
//
// Connect's errors have their own status and a JSON body; those of gRPC and gRPC-Web are headers, which are sent with
// http.TrailerPrefix or, in gRPC-Web, with the first flush.
type faultWriter struct {
	http.ResponseWriter

	request     *http.Request
	call        *call
	errors      *connect.ErrorWriter
	limit       int
	contentType string

	body        requestBody
	wroteHeader bool
	held        int // status of the withheld response
	heldBody    bytes.Buffer
}

// requestBody notes whether any of it was read. Unlike net/http's, it can be closed without being read to its end
// first.
type requestBody struct {
	io.ReadCloser

	read bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	b.read = true
	return b.ReadCloser.Read(p)
}

func (b *requestBody) Close() error {
	if !b.read {
		return nil // net/http closes it after the response
	}
	return b.ReadCloser.Close()
}

func (w *faultWriter) WriteHeader(status int) {
	if w.wroteHeader || w.held != 0 {
		return
	}
	if w.call.reason == "" && (status >= http.StatusBadRequest || !w.call.gated && w.isStream()) {
		w.held = status
		return
	}
	w.wroteHeader = true
	w.call.body.release() // the request is handled, or begins to stream
	w.leaveBody()
	w.completeStatus(w.request.Context(), "")
	completeHeader(w.Header(), status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *faultWriter) Write(p []byte) (int, error) {
	if !w.wroteHeader && w.held == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.held != 0 {
		return w.heldBody.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, which Connect requires.
func (w *faultWriter) Flush() {
	if !w.wroteHeader && w.held == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.held != 0 {
		return
	}
	flush(w.ResponseWriter)
}

// Unwrap gives http.ResponseController access to the connection.
func (w *faultWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *faultWriter) finish(ctx context.Context) {
	if w.held != 0 {
		w.replace(ctx)
		return
	}
	w.completeStatus(ctx, "")
	w.completeStatus(ctx, http.TrailerPrefix)
}

// isStream reports whether the request is for a stream in the Connect protocol, whose errors have status 200.
func (w *faultWriter) isStream() bool {
	return strings.HasPrefix(w.contentType, "application/connect+")
}

// leaveBody tells net/http not to read an unread body before it sends the response, and to close the connection after
// it instead: what follows could not be told from another request.
func (w *faultWriter) leaveBody() {
	if w.body.read || w.request.ContentLength == 0 || w.request.ProtoMajor > 1 {
		return
	}
	w.Header().Set("Connection", "close")
	// Where it is not supported, the server's applies.
	_ = http.NewResponseController(w.ResponseWriter).SetReadDeadline(time.Now().Add(lingerTime))
}

// drain sends the response and reads some of the unread body of an HTTP/2 request. Without, net/http resets the stream
// behind the response, or answers the rest of the body with STREAM_CLOSED, and proxies such as nginx take that for a
// failure of this server.
func (w *faultWriter) drain() {
	if w.body.read || w.request.ContentLength == 0 || w.request.ProtoMajor < 2 {
		return
	}
	flush(w.ResponseWriter)
	body := w.request.Body
	if b := w.call.body; b != nil {
		body = b.raw // without the bounds of a body that is decoded: they would replace these
	}
	_ = http.NewResponseController(w.ResponseWriter).SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, body, drainBytes) // the response is what it is
}

// connectError is an error as Connect writes it.
type connectError struct {
	Code    connect.Code `json:"code"`
	Message string       `json:"message"`
}

// heldError returns the error in the withheld response. Returns false if it is not Connect's.
func (w *faultWriter) heldError() (connectError, bool) {
	const envelope = 5 // flags and size of a message in a stream
	var unary connectError
	if raw := w.heldBody.Bytes(); !w.isStream() || len(raw) < envelope {
		err := json.Unmarshal(raw, &unary)
		return unary, err == nil && unary.Code != 0
	}
	var end struct {
		Error connectError `json:"error"`
	}
	err := json.Unmarshal(w.heldBody.Bytes()[envelope:], &end)
	return end.Error, err == nil && end.Error.Code != 0
}

// replace sends a fault instead of the withheld response.
func (w *faultWriter) replace(ctx context.Context) {
	wire, known := w.heldError()
	var err error
	if known {
		err = w.fault(wire.Code, wire.Message)
	} else {
		err = refusedByHTTP(w.held, w.request)
	}
	w.wroteHeader = true
	header := w.Header()
	header.Del("Content-Length")
	w.request.Header.Set("Content-Type", w.errorType())
	w.request.Header.Del("Connect-Protocol-Version") // of an unknown one, the ErrorWriter knows no streams
	out := w.ResponseWriter
	if !known && w.call.protocol == connect.ProtocolConnect {
		out = fixedStatus{ResponseWriter: out, status: w.held}
	}
	w.refuse(ctx, out, err)
}

// errorType returns the Content-Type that the response to a refused request follows. One whose format is unknown
// gets that of its protocol: a client does not read an error in a format that it does not know either.
func (w *faultWriter) errorType() string {
	base, _, hasFormat := strings.Cut(w.contentType, "+")
	if w.held == http.StatusUnsupportedMediaType && w.call.protocol != connect.ProtocolConnect && hasFormat {
		return base
	}
	return w.contentType
}

func (w *faultWriter) refuse(ctx context.Context, out http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	w.leaveBody()
	if w.call.protocol != connect.ProtocolConnect && w.request.Method != http.MethodPost {
		_ = w.call.fail(ctx, err) // for the log: such an error has no form in gRPC
		out.WriteHeader(cmp.Or(w.held, http.StatusRequestEntityTooLarge))
		return
	}
	writeError(w.errors, out, w.request, w.call.fail(ctx, err))
}

// completeStatus adds details to the gRPC status in the headers whose names start with prefix, if there is one without
// a reason.
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
	text, err := url.PathUnescape(header.Get(prefix + "Grpc-Message")) // Connect escaped it
	if err != nil {
		text = ""
	}
	sink := headerSink{}
	_ = w.errors.Write(sink, w.request, w.call.fail(ctx, w.fault(code, text))) // a headerSink never fails
	for _, name := range []string{"Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin"} {
		header.Set(prefix+name, http.Header(sink).Get(name))
	}
}

// completeHeader adds the headers that a status requires to those of Connect and others.
func completeHeader(header http.Header, status int) {
	if status >= http.StatusBadRequest {
		header.Set("Cache-Control", "no-store")
	}
	if status == http.StatusUnauthorized && header.Get("WWW-Authenticate") == "" {
		header.Set("WWW-Authenticate", "Bearer") // RFC 9110 requires it
	}
	if status == http.StatusNotModified {
		header.Del("Content-Type") // there is no body
	}
	if vary := header["Vary"]; len(vary) > 1 {
		// In one line, because some caches ignore further ones; sorted, because some compare values.
		header.Set("Vary", strings.Join(slices.Sorted(slices.Values(vary)), ", "))
	}
}

// fault returns the fault for an error that Connect created.
func (w *faultWriter) fault(code connect.Code, message string) *fault.Error {
	if w.call.refused != nil && !w.call.chained {
		return w.call.refused
	}
	if w.call.chained { // the request was valid: the response could not be written
		return internal(connect.NewError(code, textError(message)))
	}
	return refusedByConnect(code, message, w.limit)
}

// fixedStatus responds with a fixed status.
type fixedStatus struct {
	http.ResponseWriter

	status int
}

func (w fixedStatus) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }

// headerSink is a ResponseWriter that keeps only headers.
type headerSink http.Header

func (s headerSink) Header() http.Header       { return http.Header(s) }
func (headerSink) Write(p []byte) (int, error) { return len(p), nil }
func (headerSink) WriteHeader(int)             {}
