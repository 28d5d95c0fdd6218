package conformance

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/zebrands/catalog/internal/fault"
	conformancev1 "github.com/zebrands/catalog/test/conformance/gen/connectrpc/conformance/v1"
	"github.com/zebrands/catalog/test/conformance/gen/connectrpc/conformance/v1/conformancev1connect"
)

// service answers as each request defines, in the way of the catalog's services: its errors are faults.
type service struct {
	conformancev1connect.UnimplementedConformanceServiceHandler
}

func (service) Unary(ctx context.Context, req *conformancev1.UnaryRequest) (*conformancev1.UnaryResponse, error) {
	payload, err := answer(ctx, req.GetResponseDefinition(), req)
	return &conformancev1.UnaryResponse{Payload: payload}, err
}

func (service) IdempotentUnary(
	ctx context.Context, req *conformancev1.IdempotentUnaryRequest,
) (*conformancev1.IdempotentUnaryResponse, error) {
	payload, err := answer(ctx, req.GetResponseDefinition(), req)
	return &conformancev1.IdempotentUnaryResponse{Payload: payload}, err
}

func (service) ClientStream(
	ctx context.Context, stream *connect.ClientStream[conformancev1.ClientStreamRequest],
) (*conformancev1.ClientStreamResponse, error) {
	var requests []proto.Message
	var definition *conformancev1.UnaryResponseDefinition
	for stream.Receive() {
		if len(requests) == 0 {
			definition = stream.Msg().GetResponseDefinition()
		}
		requests = append(requests, stream.Msg())
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	payload, err := answer(ctx, definition, requests...)
	return &conformancev1.ClientStreamResponse{Payload: payload}, err
}

func (service) ServerStream(
	ctx context.Context, req *conformancev1.ServerStreamRequest,
	stream *connect.ServerStream[conformancev1.ServerStreamResponse],
) error {
	a := answers{ctx: ctx, conn: stream.Conn(), definition: req.GetResponseDefinition(), requests: []proto.Message{req}}
	a.wrap = func(p *conformancev1.ConformancePayload) any { return &conformancev1.ServerStreamResponse{Payload: p} }
	if err := a.begin(); err != nil {
		return err
	}
	return a.finish()
}

// BidiStream answers each request at once if they ask for it, and all of them after the last one otherwise.
func (service) BidiStream(
	ctx context.Context, stream *connect.BidiStream[conformancev1.BidiStreamRequest, conformancev1.BidiStreamResponse],
) error {
	a := answers{ctx: ctx, conn: stream.Conn()}
	a.wrap = func(p *conformancev1.ConformancePayload) any { return &conformancev1.BidiStreamResponse{Payload: p} }
	fullDuplex := false
	for first := true; ; first = false {
		req, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		a.requests = append(a.requests, req)
		if first {
			a.definition, fullDuplex = req.GetResponseDefinition(), req.GetFullDuplex()
			if fullDuplex {
				if err := a.begin(); err != nil {
					return err
				}
			}
		}
		if !fullDuplex {
			continue
		}
		if a.sent == len(a.definition.GetResponseData()) {
			break
		}
		if err := a.next(); err != nil {
			return err
		}
		a.requests = nil
	}
	if !fullDuplex {
		if err := a.begin(); err != nil {
			return err
		}
	}
	return a.finish()
}

// Unimplemented is not implemented: here that is a fault, like every error.
func (service) Unimplemented(
	context.Context, *conformancev1.UnimplementedRequest,
) (*conformancev1.UnimplementedResponse, error) {
	return nil, fault.New(fault.Unimplemented, fault.MethodNotFound, "There is no such method.")
}

// answer returns the payload or the error of a response.
func answer(
	ctx context.Context, definition *conformancev1.UnaryResponseDefinition, requests ...proto.Message,
) (*conformancev1.ConformancePayload, error) {
	call, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return nil, errors.New("no handler")
	}
	add(call.ResponseHeader(), definition.GetResponseHeaders())
	add(call.ResponseTrailer(), definition.GetResponseTrailers())
	pause(definition.GetResponseDelayMs())
	info, err := infoOf(ctx, call, requests)
	if err != nil {
		return nil, err
	}
	if want := definition.GetError(); want != nil {
		return nil, fail(ctx, want, info)
	}
	return &conformancev1.ConformancePayload{Data: definition.GetResponseData(), RequestInfo: info}, nil
}

// answers are the responses of a stream.
type answers struct {
	ctx        context.Context //nolint:containedctx // lives as long as the call
	conn       connect.StreamingHandlerConn
	definition *conformancev1.StreamResponseDefinition
	wrap       func(*conformancev1.ConformancePayload) any
	// requests are those that the next response repeats.
	requests []proto.Message
	sent     int
}

// begin sends the headers, if a response follows.
func (a *answers) begin() error {
	add(a.conn.ResponseHeader(), a.definition.GetResponseHeaders())
	add(a.conn.ResponseTrailer(), a.definition.GetResponseTrailers())
	if len(a.definition.GetResponseData()) == 0 {
		return nil
	}
	return a.conn.Send(nil)
}

// next sends the next response.
func (a *answers) next() error {
	pause(a.definition.GetResponseDelayMs())
	payload := &conformancev1.ConformancePayload{Data: a.definition.GetResponseData()[a.sent]}
	if len(a.requests) > 0 {
		info, err := a.info()
		if err != nil {
			return err
		}
		if a.sent > 0 {
			info = &conformancev1.ConformancePayload_RequestInfo{Requests: info.GetRequests()}
		}
		payload.RequestInfo = info
	}
	a.sent++
	return a.conn.Send(a.wrap(payload))
}

// finish sends the rest of the responses, and returns the error that follows them.
func (a *answers) finish() error {
	for a.sent < len(a.definition.GetResponseData()) {
		if err := a.next(); err != nil {
			return err
		}
		a.requests = nil
	}
	want := a.definition.GetError()
	if want == nil {
		return nil
	}
	if a.sent > 0 {
		return fail(a.ctx, want, nil)
	}
	info, err := a.info()
	if err != nil {
		return err
	}
	return fail(a.ctx, want, info)
}

func (a *answers) info() (*conformancev1.ConformancePayload_RequestInfo, error) {
	call, ok := connect.CallInfoForHandlerContext(a.ctx)
	if !ok {
		return nil, errors.New("no handler")
	}
	return infoOf(a.ctx, call, a.requests)
}

// infoOf describes a call as the handler sees it.
func infoOf(
	ctx context.Context, call connect.CallInfo, requests []proto.Message,
) (*conformancev1.ConformancePayload_RequestInfo, error) {
	info := &conformancev1.ConformancePayload_RequestInfo{}
	for name, values := range call.RequestHeader() {
		info.RequestHeaders = append(info.RequestHeaders, &conformancev1.Header{Name: name, Value: values})
	}
	for _, m := range requests {
		packed, err := anypb.New(m)
		if err != nil {
			return nil, err
		}
		info.Requests = append(info.Requests, packed)
	}
	header := call.RequestHeader()
	if deadline, ok := ctx.Deadline(); ok && (header.Get("Connect-Timeout-Ms") != "" || header.Get("Grpc-Timeout") != "") {
		left := time.Until(deadline).Milliseconds()
		info.TimeoutMs = &left
	}
	if call.HTTPMethod() == http.MethodGet {
		info.ConnectGetInfo = &conformancev1.ConformancePayload_ConnectGetInfo{}
		for name, values := range call.Peer().Query {
			info.ConnectGetInfo.QueryParams = append(info.ConnectGetInfo.QueryParams,
				&conformancev1.Header{Name: name, Value: values})
		}
	}
	return info, nil
}

func add(to http.Header, headers []*conformancev1.Header) {
	for _, h := range headers {
		for _, value := range h.GetValue() {
			to.Add(h.GetName(), value)
		}
	}
}

// pause waits as long as the suite asks for, even if the call has ended, as the suite's own server does: where the
// deadlines of caller and server pass at the same time, its client checks one half of an error.
func pause(milliseconds uint32) { <-time.After(time.Duration(milliseconds) * time.Millisecond) }

// kinds are those of the suite's codes. Those that are missing are no kind of a fault.
var kinds = map[conformancev1.Code]fault.Kind{
	conformancev1.Code_CODE_CANCELED:            fault.Canceled,
	conformancev1.Code_CODE_INVALID_ARGUMENT:    fault.Invalid,
	conformancev1.Code_CODE_DEADLINE_EXCEEDED:   fault.TimedOut,
	conformancev1.Code_CODE_NOT_FOUND:           fault.NotFound,
	conformancev1.Code_CODE_ALREADY_EXISTS:      fault.AlreadyExists,
	conformancev1.Code_CODE_PERMISSION_DENIED:   fault.PermissionDenied,
	conformancev1.Code_CODE_RESOURCE_EXHAUSTED:  fault.Throttled,
	conformancev1.Code_CODE_FAILED_PRECONDITION: fault.FailedPrecondition,
	conformancev1.Code_CODE_ABORTED:             fault.Aborted,
	conformancev1.Code_CODE_UNIMPLEMENTED:       fault.Unimplemented,
	conformancev1.Code_CODE_INTERNAL:            fault.Internal,
	conformancev1.Code_CODE_UNAVAILABLE:         fault.Unavailable,
	conformancev1.Code_CODE_UNAUTHENTICATED:     fault.Unauthenticated,
}

// fail returns the fault that a request asks for. Its details, of which a fault has none of its own choice, and the
// description of the request go to the interceptor.
func fail(
	ctx context.Context, want *conformancev1.Error, info *conformancev1.ConformancePayload_RequestInfo,
) error {
	if wanted, ok := ctx.Value(wantedKey{}).(*[]*anypb.Any); ok {
		*wanted = want.GetDetails()
		if info != nil {
			packed, err := anypb.New(info)
			if err != nil {
				return err
			}
			*wanted = append(*wanted, packed)
		}
	}
	return fault.New(kinds[want.GetCode()], "CONFORMANCE", "%s", want.GetMessage())
}

type wantedKey struct{}

// detailed replaces the ErrorInfo, which every error of the catalog has, with the details that a request asks for: the
// suite compares the number of details, and would see nothing of the rest of an error otherwise.
type detailed struct{}

func (detailed) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		var wanted []*anypb.Any
		res, err := next(context.WithValue(ctx, wantedKey{}, &wanted), req)
		if err != nil {
			return nil, replaced(err, wanted)
		}
		return res, nil
	}
}

func (detailed) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (detailed) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		var wanted []*anypb.Any
		return replaced(next(context.WithValue(ctx, wantedKey{}, &wanted), conn), wanted)
	}
}

func replaced(err error, details []*anypb.Any) error {
	var ours *connect.Error
	if !errors.As(err, &ours) {
		return err
	}
	out := connect.NewError(ours.Code(), errors.New(ours.Message()))
	maps.Copy(out.Meta(), ours.Meta())
	for _, packed := range details {
		m, err := packed.UnmarshalNew()
		if err != nil {
			return err
		}
		detail, err := connect.NewErrorDetail(m)
		if err != nil {
			return err
		}
		out.AddDetail(detail)
	}
	return out
}
