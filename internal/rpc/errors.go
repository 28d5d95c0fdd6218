package rpc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// maxViolations is the maximum number of field violations in an error.
	maxViolations = 1000
	// maxHeaderViolations is the maximum size of violations in gRPC and gRPC-Web, in bytes. They send errors in
	// headers or trailers, with base64-encoded details, and nginx limits those to 4 KiB by default.
	maxHeaderViolations = 1_500
)

// databaseRetryAfter is the retry delay for callers while the database is unavailable.
const databaseRetryAfter = time.Second

// storageRetryAfter is the retry delay for callers while a person must act.
const storageRetryAfter = time.Minute

var codes = map[fault.Kind]connect.Code{
	fault.Internal:           connect.CodeInternal,
	fault.Invalid:            connect.CodeInvalidArgument,
	fault.NotFound:           connect.CodeNotFound,
	fault.AlreadyExists:      connect.CodeAlreadyExists,
	fault.FailedPrecondition: connect.CodeFailedPrecondition,
	fault.Aborted:            connect.CodeAborted,
	fault.Unauthenticated:    connect.CodeUnauthenticated,
	fault.PermissionDenied:   connect.CodePermissionDenied,
	fault.Throttled:          connect.CodeResourceExhausted,
	fault.TooLarge:           connect.CodeResourceExhausted,
	fault.Unavailable:        connect.CodeUnavailable,
	fault.Unimplemented:      connect.CodeUnimplemented,
	fault.Canceled:           connect.CodeCanceled,
	fault.TimedOut:           connect.CodeDeadlineExceeded,
}

// Error returns the public form of err. Errors other than *fault.Error become INTERNAL, UNAVAILABLE if the database is
// down, ABORTED after a write conflict, or the reason that the request's context is done; the cause is only logged.
func Error(ctx context.Context, err error) *connect.Error {
	return toConnect(toFault(ctx, err), callFrom(ctx).protocol)
}

func toFault(ctx context.Context, err error) *fault.Error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return f
	case ctx.Err() != nil:
		return ended(ctx).Because(err)
	case errors.Is(err, context.Canceled):
		return canceled().Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return timedOut().Because(err)
	case db.IsUnavailable(err):
		return fault.New(fault.Unavailable, fault.DatabaseUnavailable,
			"The database does not answer; try again in a moment.").After(databaseRetryAfter).Because(err)
	case db.IsStorageFull(err):
		return fault.New(fault.Unavailable, fault.StorageFull,
			"The disk of the database is full. Reads may still work.").After(storageRetryAfter).Because(err)
	case db.IsStorageDamaged(err):
		return fault.New(fault.Unavailable, fault.StorageDamaged,
			"The database cannot read its files. An operator must look at them.").After(storageRetryAfter).Because(err)
	case db.IsConflict(err):
		return fault.New(fault.Aborted, fault.ConcurrentChange,
			"Others changed the same at the same time; try again.").Because(err)
	default:
		return internal(err)
	}
}

// ended returns the reason why the context is done. Its cause is a fault if the server ended it.
func ended(ctx context.Context) *fault.Error {
	var f *fault.Error
	switch {
	case errors.As(context.Cause(ctx), &f):
		return f
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return timedOut()
	default:
		return canceled()
	}
}

func internal(cause error) *fault.Error {
	return fault.New(fault.Internal, fault.InternalError,
		"Something went wrong on the server; the request id in X-Request-Id names the entry in its log.").Because(cause)
}

func canceled() *fault.Error {
	return fault.New(fault.Canceled, fault.RequestCanceled, "The caller ended the request before it was answered.")
}

func timedOut() *fault.Error {
	return fault.New(fault.TimedOut, fault.DeadlineExceeded, "The request took longer than its time limit.")
}

// toConnect converts a fault to the public error in a protocol.
func toConnect(f *fault.Error, protocol string) *connect.Error {
	e := connect.NewError(codes[f.Kind], errors.New(f.Message))
	addDetail(e, &errdetails.ErrorInfo{Reason: string(f.Reason), Domain: fault.Domain, Metadata: f.Metadata})
	if len(f.Violations) > 0 {
		addDetail(e, blame(f.Violations, protocol))
	}
	if f.RetryAfter > 0 {
		addDetail(e, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
		e.Meta().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Reason == fault.ReauthenticationRequired && protocol == connect.ProtocolConnect {
		e.Meta().Set("WWW-Authenticate", // RFC 9470
			fmt.Sprintf(`Bearer error="insufficient_user_authentication", max_age=%q`, f.Metadata["max_age"]))
	}
	return e
}

// blame returns the first violations that fit into a protocol, at least one.
func blame(violations []fault.Violation, protocol string) *errdetails.BadRequest {
	room := math.MaxInt
	if protocol == connect.ProtocolGRPC || protocol == connect.ProtocolGRPCWeb {
		room = maxHeaderViolations
	}
	bad := &errdetails.BadRequest{}
	for i, v := range violations[:min(len(violations), maxViolations)] {
		told := &errdetails.BadRequest_FieldViolation{Field: v.Field, Description: v.Description, Reason: string(v.Reason)}
		if room -= proto.Size(told); room < 0 && i > 0 {
			break
		}
		bad.FieldViolations = append(bad.FieldViolations, told)
	}
	return bad
}

func addDetail(e *connect.Error, m proto.Message) {
	if d, err := connect.NewErrorDetail(m); err == nil { // fails only for invalid UTF-8
		e.AddDetail(d)
	}
}
