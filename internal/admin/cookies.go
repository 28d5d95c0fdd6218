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
	// sessionHeader is the request header that opts in to the cookie. It is not CORS-safelisted, so pages of
	// other origins cannot send it without a preflight, which fails.
	sessionHeader = "Catalog-Session"
	inCookie      = "cookie"

	// plainCookie is the cookie's name if the public URL is http, and was it with https in earlier releases.
	plainCookie = "catalog_refresh"
	// hostCookie is its name with https. Browsers accept the prefix __Host- only with Secure, without a domain and
	// with the path "/", so no other host of the domain can set it.
	hostCookie = "__Host-catalog_refresh"
	// tokenField is the field of requests and responses that the cookie replaces.
	tokenField = "refresh_token"
)

// Cookies keeps the web console's refresh token in an HttpOnly cookie, as described at AuthService in the
// contract. It applies to AuthService only: Wrap wraps the HTTP handler, and Interceptor comes last in the
// interceptor chain.
type Cookies struct {
	name, path string
	secure     bool
	// plainPath is the path of plainCookie.
	plainPath string
	csrf      *http.CrossOriginProtection
}

// NewCookies returns the Cookies of a catalog at a public URL. Returns an error if the URL is invalid.
func NewCookies(publicURL string) (*Cookies, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("cookies: %w", err)
	}
	path := u.Path + "/" + catalogv1connect.AuthServiceName + "/"
	c := &Cookies{name: plainCookie, path: path, plainPath: path, csrf: http.NewCrossOriginProtection()}
	if u.Scheme == "https" {
		c.name, c.path, c.secure = hostCookie, "/", true
	}
	if err := c.csrf.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("cookies: %w", err)
	}
	return c, nil
}

type crossSiteKey struct{}

// Wrap marks cross-origin browser requests in the context, for Interceptor, and forbids to store responses: most of
// them have tokens.
func (c *Cookies) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := c.csrf.Check(r); err != nil {
			r = r.WithContext(context.WithValue(r.Context(), crossSiteKey{}, err))
		}
		next.ServeHTTP(w, r)
	})
}

// Interceptor moves refresh tokens between cookie and messages, for calls that opt in. It calls end with the
// cookie's previous token when a new session replaces it. Returns CROSS_SITE_REFUSED for such calls from pages
// of another origin.
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
			if err := c.fromCookie(req); err != nil {
				return nil, err
			}
			res, err := next(ctx, req)
			switch {
			case fault.Is(err, fault.RefreshTokenInvalid) || fault.Is(err, fault.RefreshTokenReused):
				c.set(call.ResponseHeader(), "", -time.Second)
			case err == nil:
				if replaced, _ := c.cookieOf(req); replaced != "" && startsSession(req, res) {
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
	errTwoCookies = fault.New(fault.Unauthenticated, fault.RefreshTokenInvalid,
		"The browser sent more than one session cookie. Sign in.")
	errNoCall = errors.New("cookies: the context is not a handler's")
)

// fromCookie sets an empty token field of a request from the cookie. Returns REFRESH_TOKEN_INVALID if the call
// requires a token and there is not exactly one.
func (c *Cookies) fromCookie(req connect.AnyRequest) error {
	m, field := tokenOf(req.Any())
	if field == nil || m.Get(field).String() != "" {
		return nil
	}
	token, err := c.cookieOf(req)
	if token != "" {
		m.Set(field, protoreflect.ValueOfString(token))
		return nil
	}
	if _, refresh := req.Any().(*catalogv1.RefreshSessionRequest); refresh {
		return err
	}
	return nil
}

// cookieOf returns the token in a request's cookie. Returns REFRESH_TOKEN_INVALID if there is none, or more than one:
// the browser does not tell which of them this server set. With https a cookie without the prefix does not count,
// because another host of the domain may have set it.
func (c *Cookies) cookieOf(req connect.AnyRequest) (string, error) {
	switch found := (&http.Request{Header: req.Header()}).CookiesNamed(c.name); len(found) {
	case 0:
		return "", errNoCookie
	case 1:
		return found[0].Value, nil
	default:
		return "", errTwoCookies
	}
}

// startsSession reports whether a call started a new session.
func startsSession(req connect.AnyRequest, res connect.AnyResponse) bool {
	_, given := tokenOf(req.Any())
	_, granted := tokenOf(res.Any())
	return given == nil && granted != nil
}

// intoCookie moves the token from a response into the cookie.
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

// set sets the cookie, and deletes the one of earlier releases. A negative lifetime deletes both.
func (c *Cookies) set(header http.Header, token string, lifetime time.Duration) {
	cookie := http.Cookie{ //nolint:gosec // Secure unless the public URL is http
		Name: c.name, Value: token, Path: c.path, MaxAge: int(lifetime.Seconds()),
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	header.Add("Set-Cookie", cookie.String())
	if c.name != plainCookie {
		cookie.Name, cookie.Value, cookie.Path, cookie.MaxAge = plainCookie, "", c.plainPath, -1
		header.Add("Set-Cookie", cookie.String())
	}
}

// tokenOf returns the refresh token field of a message; nil if it has none.
func tokenOf(message any) (protoreflect.Message, protoreflect.FieldDescriptor) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, nil
	}
	reflected := m.ProtoReflect()
	return reflected, reflected.Descriptor().Fields().ByName(tokenField)
}
