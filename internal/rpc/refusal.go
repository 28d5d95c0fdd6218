package rpc

import (
	"net/http"
	"regexp"
	"strings"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/fault"
)

// messageMax bounds the length of Connect's text in an error, because the text may repeat the caller's input.
const messageMax = 300

// textError is an error with nothing but a text.
type textError string

func (e textError) Error() string { return string(e) }

// refusedByConnect returns the fault for an error that Connect created for a request before it reached the
// interceptors. Its code determines the reason; its text is for people and varies with the library's version.
func refusedByConnect(code connect.Code, text string, limit int) *fault.Error {
	switch code {
	case connect.CodeResourceExhausted:
		return fault.New(fault.TooLarge, fault.RequestTooLarge,
			"The request is larger than %d bytes, as sent or decompressed.", limit)
	case connect.CodeCanceled:
		return canceled()
	case connect.CodeDeadlineExceeded:
		return timedOut()
	case connect.CodeUnimplemented:
		return fault.New(fault.Unimplemented, fault.ProtocolInvalid, "The request breaks the protocol: %s.", plain(text))
	default:
		return fault.New(fault.Invalid, fault.RequestMalformed, "The request cannot be read: %s.", plain(text))
	}
}

// refusedByHTTP returns the fault for a request that was answered with an HTTP status, without an error that API
// clients can parse.
func refusedByHTTP(status int, r *http.Request) *fault.Error {
	switch {
	case status == http.StatusNotFound:
		return fault.New(fault.Unimplemented, fault.MethodNotFound, "There is no method %s.", plain(r.URL.Path))
	case status == http.StatusMethodNotAllowed:
		return fault.New(fault.Unimplemented, fault.ProtocolInvalid,
			"%s is not a way to call this method: use POST, or GET if it only reads.", plain(r.Method))
	case status == http.StatusUnsupportedMediaType && r.Method == http.MethodGet:
		return fault.New(fault.Invalid, fault.ContentTypeInvalid,
			"A GET takes the parameters encoding=json (or proto) and message, and no body.")
	case status == http.StatusUnsupportedMediaType:
		return fault.New(fault.Invalid, fault.ContentTypeInvalid, "Content-Type must be application/json, "+
			"application/proto, or one of gRPC or gRPC-Web with proto or json.")
	default:
		return fault.New(fault.Invalid, fault.RequestMalformed, "HTTP status %d.", status)
	}
}

var spaces = regexp.MustCompile(`[\x00-\x20\x7f\x{a0}]+`)

// plain returns an external text as one valid line.
func plain(text string) string {
	return strings.ToValidUTF8(clip(spaces.ReplaceAllLiteralString(text, " "), messageMax), "")
}
