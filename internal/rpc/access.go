package rpc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/clock"
	"github.com/zebrands/catalog/internal/fault"
)

// Authenticate returns the principal of an access token or API key. Returns a fault of kind Unauthenticated if it is
// invalid.
type Authenticate func(ctx context.Context, accessToken string) (auth.Principal, error)

// gate decides whether a call may go on, by its headers alone: before its body is read, decompressed or decoded, and
// before a caller with Expect: 100-continue sends it.
func gate(check Authenticate, clock *clock.Clock) connect.RequestGateFunc {
	return func(
		ctx context.Context, spec connect.Spec, _ connect.Peer, header http.Header,
	) (allowed context.Context, err error) {
		defer conclude(ctx, &err)
		callFrom(ctx).gated, callFrom(ctx).gateTime = true, time.Now()
		if allowed, err = authenticate(ctx, check, header); err != nil {
			return nil, err
		}
		if err := authorize(allowed, spec, clock); err != nil {
			return nil, err
		}
		if err := refuseIfMatch(header); err != nil {
			return nil, err
		}
		return allowed, callFrom(ctx).body.checkQuery()
	}
}

// lateBody is how long after the gate a body may arrive without another check of its caller. It is less than what a
// stream may outlive its session.
const lateBody = time.Second

// recheck authenticates a unary call again once its body is there, if that took long, and always before it changes who
// can sign in: a caller who held the body back must not act after their session was revoked.
type recheck struct {
	check Authenticate
	clock *clock.Clock
}

// WrapUnary implements connect.Interceptor.
func (r recheck) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		_, authenticated := auth.PrincipalFrom(ctx)
		if !authenticated || !needsReauthentication(req.Spec()) && time.Since(callFrom(ctx).gateTime) < lateBody {
			return next(ctx, req)
		}
		ctx, err := authenticate(ctx, r.check, req.Header())
		if err != nil {
			return nil, err
		}
		if err := authorize(ctx, req.Spec(), r.clock); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (recheck) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler returns next: auth.Guard ends streams.
func (recheck) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// refuseIfMatch refuses a precondition that would otherwise be ignored: the caller would overwrite what it means to
// keep.
func refuseIfMatch(header http.Header) error {
	if _, ok := header["If-Match"]; !ok {
		return nil
	}
	return fault.New(fault.Invalid, fault.IfMatchUnsupported,
		"The etag of a product goes into the request message, not into If-Match: "+
			"the ETag header of a response is a digest of its bytes.")
}

// authenticate returns a context with the principal of the Authorization header. A call without the header stays
// anonymous; a header without a valid bearer token fails the call, even to a public method.
func authenticate(ctx context.Context, check Authenticate, header http.Header) (context.Context, error) {
	headers, ok := header["Authorization"]
	if !ok {
		return ctx, nil
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || len(headers) > 1 || token == "" {
		return nil, fault.New(fault.Unauthenticated, fault.TokenInvalid,
			`The Authorization header must be "Bearer TOKEN" with an access token from SignIn or an API key.`)
	}
	p, err := check(ctx, strings.TrimSpace(token))
	if err != nil {
		return nil, err
	}
	callFrom(ctx).adminID = p.AdminID.String()
	if p.IsKey() {
		callFrom(ctx).keyID = p.Key.ID.String()
	}
	return auth.WithPrincipal(ctx, p), nil
}

// authorize enforces the method's options access and reauthentication, and for API keys api_key. A method without the
// option access is denied (fail closed).
func authorize(ctx context.Context, spec connect.Spec, clock *clock.Clock) error {
	if err := authorizeKey(ctx, spec); err != nil {
		return err
	}
	switch AccessOf(spec) {
	case catalogv1.Access_ACCESS_PUBLIC:
		return nil
	case catalogv1.Access_ACCESS_ADMIN:
		p, ok := auth.PrincipalFrom(ctx)
		if !ok {
			return fault.New(fault.Unauthenticated, fault.TokenRequired,
				"Only administrators may do this: sign in and send the access token in the Authorization header.")
		}
		if needsReauthentication(spec) {
			return auth.RequireReauthentication(p, clock.Now())
		}
		return nil
	default:
		return fault.New(fault.PermissionDenied, fault.AccessUndefined,
			"Nobody may call this method: the contract does not say who may.")
	}
}

// authorizeKey returns API_KEY_FORBIDDEN if the caller is an API key that may not call the method.
func authorizeKey(ctx context.Context, spec connect.Spec) error {
	p, _ := auth.PrincipalFrom(ctx)
	if !p.IsKey() {
		return nil
	}
	may := p.Key.Access
	switch KeyAccessOf(spec) {
	case catalogv1.KeyAccess_KEY_ACCESS_READ:
		if may == catalogv1.ApiKey_ACCESS_READ || may == catalogv1.ApiKey_ACCESS_WRITE {
			return nil
		}
	case catalogv1.KeyAccess_KEY_ACCESS_WRITE:
		if may == catalogv1.ApiKey_ACCESS_WRITE {
			return nil
		}
		return fault.New(fault.PermissionDenied, fault.APIKeyForbidden,
			"This API key may only read. A key with ACCESS_WRITE may call this method, or an administrator who signed in.").
			With("access", catalogv1.ApiKey_ACCESS_WRITE.String())
	case catalogv1.KeyAccess_KEY_ACCESS_UNSPECIFIED:
	}
	return fault.New(fault.PermissionDenied, fault.APIKeyForbidden,
		"API keys may not call this method: only an administrator who signed in may.")
}

// KeyAccessOf returns the method's option api_key: KEY_ACCESS_UNSPECIFIED if it has none.
func KeyAccessOf(spec connect.Spec) catalogv1.KeyAccess {
	return optionOf(spec, catalogv1.E_ApiKey, catalogv1.KeyAccess_KEY_ACCESS_UNSPECIFIED)
}

// AccessOf returns the method's access option: ACCESS_UNSPECIFIED if it has none.
func AccessOf(spec connect.Spec) catalogv1.Access {
	return optionOf(spec, catalogv1.E_Access, catalogv1.Access_ACCESS_UNSPECIFIED)
}

// needsReauthentication returns the method's option reauthentication.
func needsReauthentication(spec connect.Spec) bool {
	return optionOf(spec, catalogv1.E_Reauthentication, false)
}

// optionOf returns an option of the method, or otherwise if it has none.
func optionOf[T any](spec connect.Spec, option protoreflect.ExtensionType, otherwise T) T {
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok {
		return otherwise
	}
	value, ok := proto.GetExtension(method.Options(), option).(T)
	if !ok {
		return otherwise
	}
	return value
}
