package app_test

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/fault"
)

const password = "correct horse battery"

var transport = &http.Transport{}

// browser calls AuthService as a page does: with cookies, and headers of its own choice.
type browser struct {
	catalogv1connect.AuthServiceClient

	jar     *cookiejar.Jar
	headers http.Header
	service *url.URL
	// last are the headers of the last response.
	last http.Header
}

// RoundTrip sends the request with the browser's headers.
func (b *browser) RoundTrip(r *http.Request) (*http.Response, error) {
	maps.Copy(r.Header, b.headers)
	res, err := transport.RoundTrip(r)
	if err == nil {
		b.last = res.Header
	}
	return res, err
}

func newBrowser(t *testing.T, c *catalog, options ...connect.ClientOption) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	service, err := url.Parse(c.URL() + "/catalog.v1.AuthService/RefreshSession")
	require.NoError(t, err)
	b := &browser{jar: jar, service: service, headers: http.Header{
		"Catalog-Session": {"cookie"}, "Origin": {c.URL()}, "Sec-Fetch-Site": {"same-origin"},
	}}
	b.AuthServiceClient = catalogv1connect.NewAuthServiceClient(&http.Client{Jar: jar, Transport: b}, c.URL(), options...)
	return b
}

// cookie returns the refresh token that the browser would send; empty if there is none.
func (b *browser) cookie() string {
	for _, c := range b.jar.Cookies(b.service) {
		return c.Value
	}
	return ""
}

func (b *browser) setCookie(token string) {
	b.jar.SetCookies(b.service, []*http.Cookie{{Name: "catalog_refresh", Value: token, Path: "/catalog.v1.AuthService/"}})
}

func (b *browser) signIn(t *testing.T) *catalogv1.SignInResponse {
	t.Helper()
	res, err := b.SignIn(t.Context(), &catalogv1.SignInRequest{Email: "ada@example.com", Password: password})
	require.NoError(t, err)
	return res
}

func (b *browser) refresh(ctx context.Context) (*catalogv1.RefreshSessionResponse, error) {
	return b.RefreshSession(ctx, &catalogv1.RefreshSessionRequest{})
}

func requireReason(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	var e *connect.Error
	require.ErrorAs(t, err, &e)
	for _, d := range e.Details() {
		if m, _ := d.Value(); m != nil {
			if info, ok := m.(*errdetails.ErrorInfo); ok {
				require.Equal(t, string(want), info.GetReason(), "%v", err)
				return
			}
		}
	}
	require.Fail(t, "no reason", "%v", err)
}

// withAda starts a catalog that Ada can sign in to.
func withAda(t *testing.T, cfg config.Config) *catalog {
	t.Helper()
	_, err := app.CreateAdmin(t.Context(), cfg.Storage, slog.New(slog.DiscardHandler), "ada@example.com", "Ada", password)
	require.NoError(t, err)
	return boot(t, cfg)
}

func TestSessionInACookie(t *testing.T) {
	c := withAda(t, settings(t))
	for name, option := range map[string]connect.ClientOption{
		"Connect": connect.WithProtoJSON(), "gRPC-Web": connect.WithGRPCWeb(),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, c, option)
			_, err := b.refresh(t.Context())
			requireReason(t, err, fault.RefreshTokenInvalid)

			require.Empty(t, b.signIn(t).GetRefreshToken())
			require.Regexp(t, `^catalog_refresh=\S+; Path=/catalog.v1.AuthService/; Max-Age=2592000; HttpOnly; SameSite=Strict$`,
				b.last.Get("Set-Cookie"))
			first := b.cookie()
			refreshed, err := b.refresh(t.Context())
			require.NoError(t, err)
			require.Empty(t, refreshed.GetRefreshToken())
			require.NotEmpty(t, refreshed.GetAccessToken())
			require.NotEqual(t, first, b.cookie())

			// The answer was lost: the browser still has the old cookie.
			second := b.cookie()
			b.setCookie(first)
			_, err = b.refresh(t.Context())
			require.NoError(t, err)
			require.Equal(t, second, b.cookie(), "a repeat gets the same")
			_, err = b.refresh(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, second, b.cookie())

			thief := newBrowser(t, c, option)
			thief.setCookie(first)
			_, err = thief.refresh(t.Context())
			requireReason(t, err, fault.RefreshTokenReused)
			require.Empty(t, thief.cookie(), "reuse clears the cookie")
			_, err = b.refresh(t.Context())
			requireReason(t, err, fault.RefreshTokenInvalid)
			require.Empty(t, b.cookie(), "a session that has ended clears the cookie")

			b.signIn(t)
			kept := b.cookie()
			_, err = b.SignOut(t.Context(), &catalogv1.SignOutRequest{})
			require.NoError(t, err, "without an access token")
			require.Empty(t, b.cookie())
			b.setCookie(kept)
			_, err = b.refresh(t.Context())
			requireReason(t, err, fault.RefreshTokenInvalid)
		})
	}
}

// A browser has one session: who signs in where somebody else was ends theirs.
func TestSessionTakesTheCookieOfAnother(t *testing.T) {
	c := withAda(t, settings(t))
	b, elsewhere := newBrowser(t, c), newBrowser(t, c)
	elsewhere.signIn(t)
	b.signIn(t)
	first := b.cookie()
	b.signIn(t)
	second := b.cookie()
	require.NotEqual(t, first, second)

	b.setCookie(first)
	_, err := b.refresh(t.Context())
	requireReason(t, err, fault.RefreshTokenInvalid)
	b.setCookie(second)
	_, err = b.refresh(t.Context())
	require.NoError(t, err)
	_, err = elsewhere.refresh(t.Context())
	require.NoError(t, err)

	_, err = b.SignIn(t.Context(), &catalogv1.SignInRequest{Email: "ada@example.com", Password: "wrong"})
	requireReason(t, err, fault.SignInFailed)
	_, err = b.refresh(t.Context())
	require.NoError(t, err, "who fails to sign in ends nothing")
}

func TestChangedPasswordChangesTheCookie(t *testing.T) {
	c := withAda(t, settings(t))
	b := newBrowser(t, c)
	b.headers.Set("Authorization", "Bearer "+b.signIn(t).GetAccessToken())
	before := b.cookie()
	res, err := b.ChangePassword(t.Context(), &catalogv1.ChangePasswordRequest{
		CurrentPassword: password, NewPassword: "staple battery horse",
	})
	require.NoError(t, err)
	require.Empty(t, res.GetRefreshToken())
	require.NotEqual(t, before, b.cookie())
	b.headers.Del("Authorization")
	_, err = b.refresh(t.Context())
	require.NoError(t, err)
}

func TestCookieIsLeftAloneWithoutTheHeader(t *testing.T) {
	c := withAda(t, settings(t))
	b := newBrowser(t, c)
	b.signIn(t)
	b.headers.Del("Catalog-Session")
	_, err := b.refresh(t.Context())
	requireReason(t, err, fault.FieldInvalid)
	require.NotEmpty(t, b.cookie())
	require.NotEmpty(t, b.signIn(t).GetRefreshToken())
	require.Empty(t, b.last.Get("Set-Cookie"))
}

func TestOtherSitesMayNotUseTheCookie(t *testing.T) {
	cfg := settings(t)
	cfg.PublicURL, cfg.Addr = "https://catalog.example", freeAddress(t)
	withAda(t, cfg)
	address := "http://" + cfg.Addr
	for name, call := range map[string]struct {
		site, origin string
		refused      bool
	}{
		"own page":                    {"same-origin", "https://catalog.example", false},
		"another site":                {"cross-site", "https://evil.example", true},
		"another host of the site":    {"same-site", "https://shop.catalog.example", true},
		"a sandboxed page":            {"cross-site", "null", true},
		"old browser, own page":       {"", "https://catalog.example", false},
		"old browser, by address":     {"", address, false},
		"old browser, another site":   {"", "https://evil.example", true},
		"old browser, sandboxed page": {"", "null", true},
		"no browser":                  {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, body := do(t, http.MethodPost, address+"/catalog.v1.AuthService/SignIn",
				`{"email":"ada@example.com","password":"`+password+`"}`,
				"Content-Type", "application/json", "Catalog-Session", "cookie", "Sec-Fetch-Site", call.site, "Origin", call.origin)
			if call.refused {
				require.Equal(t, http.StatusForbidden, status)
				require.Contains(t, body, "CROSS_SITE_REFUSED")
				require.Empty(t, header.Get("Set-Cookie"))
				return
			}
			require.Equal(t, http.StatusOK, status, body)
			require.Contains(t, header.Get("Set-Cookie"), "; Secure")
		})
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestCookieOfAnHTTPSCatalogBelongsToItsHost(t *testing.T) {
	cfg := settings(t)
	cfg.PublicURL, cfg.Addr = "https://catalog.example", freeAddress(t)
	withAda(t, cfg)
	call := func(method, body, cookies string) (status int, header http.Header, text string) {
		t.Helper()
		return do(t, http.MethodPost, "http://"+cfg.Addr+"/catalog.v1.AuthService/"+method, body,
			"Content-Type", "application/json", "Catalog-Session", "cookie", "Cookie", cookies)
	}
	signIn := func() (token string) {
		t.Helper()
		status, header, body := call("SignIn", `{"email":"ada@example.com","password":"`+password+`"}`, "")
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, "no-store", header.Get("Cache-Control"))
		require.Equal(t, "max-age=63072000", header.Get("Strict-Transport-Security"))
		set := header.Values("Set-Cookie")
		require.Len(t, set, 2)
		require.Regexp(t, `^__Host-catalog_refresh=\S+; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict$`, set[0])
		require.Regexp(t, `^catalog_refresh=; Path=/catalog.v1.AuthService/; Max-Age=0;`, set[1])
		cookie, err := http.ParseSetCookie(set[0])
		require.NoError(t, err)
		return cookie.Value
	}

	token := signIn()
	// Another host of the domain may have set the name of earlier releases.
	status, _, body := call("RefreshSession", "{}", "catalog_refresh="+token)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, body, "REFRESH_TOKEN_INVALID")
	status, _, body = call("RefreshSession", "{}", "catalog_refresh=forged; __Host-catalog_refresh="+signIn())
	require.Equal(t, http.StatusOK, status, body)

	// Of two cookies with one name, none counts.
	token = signIn()
	status, _, body = call("RefreshSession", "{}", "__Host-catalog_refresh=forged; __Host-catalog_refresh="+token)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, body, "REFRESH_TOKEN_INVALID")
	require.Contains(t, body, "more than one session cookie")
	status, _, body = call("RefreshSession", "{}", "__Host-catalog_refresh="+token)
	require.Equal(t, http.StatusOK, status, body)
}
