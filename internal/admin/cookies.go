package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// sessionHeader is the header with which a page asks for its refresh token to be a cookie. A page of
	// another origin may not send it without asking first, and is not allowed to.
	sessionHeader = "Catalog-Session"
	inCookie      = "cookie"

	cookieName = "catalog_refresh"
	// tokenField is the field of requests and responses that the cookie takes the place of.
	tokenField = "refresh_token"
)

// Cookies lets the web console keep its refresh token in a cookie that no script can read. The comment
// of AuthService in the contract says how. It is for AuthService alone: Wrap goes around the handler,
// and Interceptor behind those of the chain.
type Cookies struct {
	path   string
	secure bool
	csrf   *http.CrossOriginProtection
}

// NewCookies returns the cookies of a catalog at a public URL. Returns an error if that is no URL.
func NewCookies(publicURL string) (*Cookies, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("cookies: %w", err)
	}
	c := &Cookies{
		path:   u.Path + "/" + catalogv1connect.AuthServiceName + "/",
		secure: u.Scheme == "https",
		csrf:   http.NewCrossOriginProtection(),
	}
	if err := c.csrf.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("cookies: %w", err)
	}
	return c, nil
}

type crossSiteKey struct{}

// Wrap notes for the interceptor what only the HTTP request tells: whether a browser sent it for a page
// of another origin.
func (c *Cookies) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.csrf.Check(r); err != nil {
			r = r.WithContext(context.WithValue(r.Context(), crossSiteKey{}, err))
		}
		next.ServeHTTP(w, r)
	})
}

// Interceptor moves refresh tokens between cookie and messages, for calls that ask for it. end is called
// with the token that was in the cookie when another session takes its place. Returns CROSS_SITE_REFUSED
// if such a call comes from a page of another origin.
func (c *Cookies) Interceptor(end func(ctx context.Context, refreshToken string)) connect.Interceptor {
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			if req.Header().Get(sessionHeader) != inCookie {
				return next(ctx, req)
			}
			if cause, refused := ctx.Value(crossSiteKey{}).(error); refused {
				return nil, errCrossSite.Because(cause)
			}
			call, ok := connect.CallInfoForHandlerContext(ctx)
			if !ok {
				return nil, errNoCall
			}
			if err := fromCookie(req); err != nil {
				return nil, err
			}
			res, err := next(ctx, req)
			switch {
			case fault.Is(err, fault.RefreshTokenInvalid) || fault.Is(err, fault.RefreshTokenReused):
				c.set(call.ResponseHeader(), "", -time.Second)
			case err == nil:
				if replaced := cookieOf(req); replaced != "" && startsSession(req, res) {
					end(ctx, replaced)
				}
				c.intoCookie(call.ResponseHeader(), res)
			}
			return res, err
		}
	})
}

var (
	errCrossSite = fault.New(fault.PermissionDenied, fault.CrossSiteRefused,
		"Only pages of the catalog itself may use its cookie: call without the header %s.", sessionHeader)
	errNoCookie = fault.New(fault.Unauthenticated, fault.RefreshTokenInvalid,
		"There is no session in this browser. Sign in.")
	errNoCall = errors.New("cookies: the context is not that of a handler")
)

// fromCookie puts the cookie's token into a request that has room for one and none in it. Returns
// REFRESH_TOKEN_INVALID if the call can do nothing without.
func fromCookie(req connect.AnyRequest) error {
	m, field := tokenOf(req.Any())
	if field == nil || m.Get(field).String() != "" {
		return nil
	}
	if token := cookieOf(req); token != "" {
		m.Set(field, protoreflect.ValueOfString(token))
		return nil
	}
	if _, refresh := req.Any().(*catalogv1.RefreshSessionRequest); refresh {
		return errNoCookie
	}
	return nil
}

// cookieOf returns the token in a request's cookie; empty if there is none.
func cookieOf(req connect.AnyRequest) string {
	cookie, err := (&http.Request{Header: req.Header()}).Cookie(cookieName)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// startsSession reports whether a call has started a session, rather than gone on with one.
func startsSession(req connect.AnyRequest, res connect.AnyResponse) bool {
	_, given := tokenOf(req.Any())
	_, granted := tokenOf(res.Any())
	return given == nil && granted != nil
}

// intoCookie takes the token out of a response and puts it into the cookie.
func (c *Cookies) intoCookie(header http.Header, res connect.AnyResponse) {
	if _, signedOut := res.Any().(*catalogv1.SignOutResponse); signedOut {
		c.set(header, "", -time.Second)
		return
	}
	if m, field := tokenOf(res.Any()); field != nil {
		c.set(header, m.Get(field).String(), auth.SessionIdleLifetime)
		m.Clear(field)
	}
}

// set sets the cookie. A negative lifetime removes it.
func (c *Cookies) set(header http.Header, token string, lifetime time.Duration) {
	cookie := http.Cookie{ //nolint:gosec // Secure unless people reach the catalog without TLS
		Name: cookieName, Value: token, Path: c.path, MaxAge: int(lifetime.Seconds()),
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	header.Add("Set-Cookie", cookie.String())
}

// tokenOf returns the field of a message that holds a refresh token; nil if it has none.
func tokenOf(message any) (protoreflect.Message, protoreflect.FieldDescriptor) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, nil
	}
	reflected := m.ProtoReflect()
	return reflected, reflected.Descriptor().Fields().ByName(tokenField)
}
