package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/fault"
)

// call is the record of a request for the access log. Observe creates it; the parts that handle the request fill it
// in, all in the goroutine that serves it.
type call struct {
	requestID string
	adminID   string
	// keyID is set if the caller is an API key. Then adminID is its creator.
	keyID string
	// protocol is empty unless the request reached the API.
	protocol string
	// gated reports whether the request reached the gate: before, only Connect itself can refuse it.
	gated bool
	// gateTime is when it did.
	gateTime time.Time
	// chained reports whether the request was decoded and reached the interceptors, or the handler of a stream.
	chained bool
	// control is set for streams, and opened is called when the handler of one takes over.
	control *http.ResponseController
	opened  func()
	// stream reports whether a stream was opened, and messages how many it sent.
	stream   bool
	messages int
	// body is the request's body; nil if it has none.
	body *body
	// outgoing is the reservation for the response.
	outgoing outgoing
	// refused is why reading the body failed, if the caller is to know.
	refused *fault.Error
	// reason is set if and only if the response is an error that already has its details.
	reason fault.Reason
	code   connect.Code
	cause  error
	stack  []byte
}

type callKey struct{}

// callFrom returns the record of the request, or an unused one without Observe.
func callFrom(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// callerIDs returns the ids of an authenticated caller, for the log.
func (c *call) callerIDs() []slog.Attr {
	var ids []slog.Attr
	if c.adminID != "" {
		ids = append(ids, slog.String("admin_id", c.adminID))
	}
	if c.keyID != "" {
		ids = append(ids, slog.String("api_key_id", c.keyID))
	}
	return ids
}

// fail returns the error for the caller and records it for the log.
func (c *call) fail(ctx context.Context, err error) *connect.Error {
	f := toFault(ctx, err)
	wire := toConnect(f, c.protocol)
	c.reason, c.code, c.cause = f.Reason, wire.Code(), f.Cause
	return wire
}
