package rpc

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/fault"
)

// messageMax limits how much of connect's text, which may repeat what the caller sent, goes back.
const messageMax = 300

// textError is an error that is nothing but its text.
type textError string

func (e textError) Error() string { return string(e) }

// refusals tell connect's own errors apart by how their text starts: all that its API gives. The first
// that fits counts; an empty message keeps the text.
var refusals = []struct {
	prefix  string
	reason  fault.Reason
	message string
}{
	{"unmarshal message: ", fault.RequestMalformed, ""},
	{"get decompressor: ", fault.RequestMalformed, "The body is not what its compression header says."},
	{"decompress: ", fault.RequestMalformed, "The body is not what its compression header says."},
	{"read message: illegal base64", fault.RequestMalformed, "The message parameter is not URL-safe base64."},
	{"read message: ", fault.RequestMalformed, "The body ended before it was complete."},
	{"parse timeout: ", fault.ProtocolInvalid, "Connect-Timeout-Ms takes milliseconds, up to ten digits."},
	{"protocol error: invalid timeout", fault.ProtocolInvalid, grpcTimeout},
	{"protocol error: timeout", fault.ProtocolInvalid, grpcTimeout},
	{"protocol error: incomplete envelope", fault.RequestMalformed, "The body ended before it was complete."},
	{"protocol error: promised", fault.RequestMalformed, "The body ended before it was complete."},
	{"unary request has", fault.ProtocolInvalid, "Send exactly one message."},
}

// badMask is in the error of protojson for a mask that JSON cannot hold.
const badMask = "google.protobuf.FieldMask.paths contains invalid path"

const maskInJSON = `In JSON, updateMask is one string of names in camelCase with commas between them, such as ` +
	`"name,price.currencyCode". "*" cannot be written in JSON: name the fields.`

const grpcTimeout = "grpc-timeout takes up to eight digits and a unit: H, M, S, m, u or n."

// refusedByConnect returns the fault for an error that connect made of a request before it reached the
// interceptors.
func refusedByConnect(code connect.Code, message string, limit int) *fault.Error {
	switch code { //nolint:exhaustive // connect makes only these of a request
	case connect.CodeResourceExhausted:
		return fault.New(fault.TooLarge, fault.RequestTooLarge,
			"The request is larger than %d bytes, as sent or decompressed.", limit)
	case connect.CodeCanceled:
		return canceled()
	case connect.CodeDeadlineExceeded:
		return timedOut()
	}
	kind := fault.Invalid
	if code == connect.CodeUnimplemented {
		kind = fault.Unimplemented
	}
	if strings.Contains(message, badMask) {
		return fault.New(kind, fault.UpdateMaskInvalid, "%s", maskInJSON)
	}
	for _, r := range refusals {
		if rest, ok := strings.CutPrefix(message, r.prefix); ok {
			if r.message == "" {
				return fault.New(kind, r.reason, "The message cannot be read: %s.", plain(rest))
			}
			return fault.New(kind, r.reason, "%s", r.message)
		}
	}
	return fault.New(kind, fault.ProtocolInvalid, "The request breaks the protocol: %s.", plain(message))
}

var (
	goPrefix   = regexp.MustCompile(`^(from (?:JSON|protobuf): )?(proto:[ \x{a0}])?`)
	jsonPlace  = regexp.MustCompile(`\(line (\d+):(\d+)\)`)
	controlled = regexp.MustCompile(`[\x00-\x1f\x7f]+`)
)

// plain returns an error of the protobuf library as a person reads it, without names of Go types.
func plain(text string) string {
	text = goPrefix.ReplaceAllLiteralString(text, "")
	text = jsonPlace.ReplaceAllString(text, "in line $1, column $2")
	text = controlled.ReplaceAllLiteralString(text, " ")
	return strings.ToValidUTF8(clip(text, messageMax), "")
}

// refusedByHTTP returns the fault for a request that was answered with a status and no error that a
// client of the API could read.
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
		return fault.New(fault.Invalid, fault.ProtocolInvalid, "%s", fmt.Sprintf("HTTP status %d.", status))
	}
}

// decodeGRPCMessage undoes the percent-encoding of a grpc-message.
func decodeGRPCMessage(message string) string {
	if decoded, err := url.PathUnescape(message); err == nil {
		return decoded
	}
	return message
}
