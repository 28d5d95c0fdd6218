package rpc

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// Authenticate returns the principal of an access token. Returns a fault of kind Unauthenticated if the token is
// invalid.
type Authenticate func(ctx context.Context, accessToken string) (auth.Principal, error)

// authenticate puts the principal of the Authorization header into the context. A call without the header stays
// anonymous; a header without a valid bearer token fails the call, even to a public method.
func authenticate(check Authenticate) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			headers, ok := req.Header()["Authorization"]
			if !ok {
				return next(ctx, req)
			}
			scheme, token, _ := strings.Cut(headers[0], " ")
			if !strings.EqualFold(scheme, "Bearer") || len(headers) > 1 || token == "" {
				return nil, fault.New(fault.Unauthenticated, fault.TokenInvalid,
					`The Authorization header must be "Bearer TOKEN" with an access token from SignIn.`)
			}
			p, err := check(ctx, strings.TrimSpace(token))
			if err != nil {
				return nil, err
			}
			callFrom(ctx).adminID = p.AdminID.String()
			return next(auth.WithPrincipal(ctx, p), req)
		}
	}
}

// authorize enforces the method's access option. A method without the option is denied (fail closed).
func authorize(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		switch AccessOf(req.Spec()) {
		case catalogv1.Access_ACCESS_PUBLIC:
			return next(ctx, req)
		case catalogv1.Access_ACCESS_ADMIN:
			if _, ok := auth.PrincipalFrom(ctx); !ok {
				return nil, fault.New(fault.Unauthenticated, fault.TokenRequired,
					"Only administrators may do this: sign in and send the access token in the Authorization header.")
			}
			return next(ctx, req)
		default:
			return nil, accessUndefined()
		}
	}
}

func accessUndefined() *fault.Error {
	return fault.New(fault.PermissionDenied, fault.AccessUndefined,
		"Nobody may call this method: the contract does not say who may.")
}

// AccessOf returns the method's access option: ACCESS_UNSPECIFIED if it has none.
func AccessOf(spec connect.Spec) catalogv1.Access {
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok {
		return catalogv1.Access_ACCESS_UNSPECIFIED
	}
	access, ok := proto.GetExtension(method.Options(), catalogv1.E_Access).(catalogv1.Access)
	if !ok {
		return catalogv1.Access_ACCESS_UNSPECIFIED
	}
	return access
}

// refuseStreams rejects every streaming call (fail closed): the interceptors handle unary calls only.
type refuseStreams struct{}

func (refuseStreams) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (refuseStreams) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (refuseStreams) WrapStreamingHandler(connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, _ connect.StreamingHandlerConn) error {
		return callFrom(ctx).fail(ctx, accessUndefined())
	}
}
