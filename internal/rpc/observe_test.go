package rpc_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/internal/telemetry"
)

func TestRequestID(t *testing.T) {
	s := start(t)
	require.Equal(t, "abc-1.2_3", s.post(t, `{"sku":"a"}`, "X-Request-Id", "abc-1.2_3").header.Get("X-Request-ID"))
	made := s.post(t, `{"sku":"a"}`, "X-Request-Id", "not sane\"").header.Get("X-Request-ID")
	require.Regexp(t, `^[A-Z0-9]{26}$`, made)
	require.Equal(t, made, s.lastLog(t)["request_id"])
}

func TestAccessLog(t *testing.T) {
	for name, c := range map[string]struct {
		sku, authorization string
		want               map[string]any
		never              []string
	}{
		"success": {
			sku: "a", authorization: "Bearer good",
			want:  map[string]any{"level": "INFO", "code": "ok", "protocol": "connect", "method": getProduct, "admin_id": adminID.String(), "client": "127.0.0.1"},
			never: []string{"good", "reason", "cause"},
		},
		"the caller's fault": {
			sku: "missing", want: map[string]any{"level": "INFO", "code": "not_found", "reason": "PRODUCT_NOT_FOUND", "cause": "secret cause"},
			never: []string{"admin_id"},
		},
		"ours":    {sku: "broken", want: map[string]any{"level": "ERROR", "code": "internal", "reason": "INTERNAL", "cause": "pq: secret table does not exist"}},
		"a panic": {sku: "boom", want: map[string]any{"level": "ERROR", "code": "internal", "reason": "INTERNAL", "cause": "panic: kaboom"}},
		"a bad token": {
			sku: "a", authorization: "Bearer hunter2",
			want:  map[string]any{"code": "unauthenticated", "reason": "TOKEN_EXPIRED"},
			never: []string{"hunter2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			var header []string
			if c.authorization != "" {
				header = []string{"Authorization", c.authorization}
			}
			s.post(t, `{"sku":"`+c.sku+`"}`, header...)
			entry := s.lastLog(t)
			for key, value := range c.want {
				require.Equal(t, value, entry[key], key)
			}
			for _, text := range c.never {
				require.NotContains(t, s.log.String(), text)
			}
			require.Equal(t, name == "a panic", entry["stack"] != nil)
			require.Equal(t, 1, strings.Count(s.log.String(), "\n"), "one line a request")
		})
	}
}

func TestClientAddress(t *testing.T) {
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"direct":                       {remote: "203.0.113.9:1", want: "203.0.113.9"},
		"a stranger's header":          {remote: "203.0.113.9:1", forwarded: []string{"1.1.1.1"}, want: "203.0.113.9"},
		"behind a proxy":               {remote: "10.0.0.1:1", forwarded: []string{"203.0.113.9"}, want: "203.0.113.9"},
		"behind two":                   {remote: "10.0.0.1:1", forwarded: []string{"203.0.113.9, 10.0.0.2"}, want: "203.0.113.9"},
		"what the client wrote itself": {remote: "10.0.0.1:1", forwarded: []string{"1.1.1.1", "203.0.113.9"}, want: "203.0.113.9"},
		"with ports":                   {remote: "10.0.0.1:1", forwarded: []string{"203.0.113.9:5678, [::ffff:10.0.0.2]:80"}, want: "203.0.113.9"},
		"nonsense":                     {remote: "10.0.0.1:1", forwarded: []string{"203.0.113.9, x"}, want: "10.0.0.1"},
		"mapped":                       {remote: "[::ffff:10.0.0.1]:1", forwarded: []string{"::ffff:203.0.113.9"}, want: "203.0.113.9"},
		"with a zone":                  {remote: "10.0.0.1:1", forwarded: []string{"fe80::1%eth0"}, want: "fe80::1"},
	} {
		t.Run(name, func(t *testing.T) {
			got := observedAddress(t, rpc.Observer{}, c.remote, http.Header{"X-Forwarded-For": c.forwarded})
			require.Equal(t, c.want, got)
		})
	}
}

// TestClientAddressHeader is how it is behind DigitalOcean's App Platform: the caller is in a header of the platform's,
// and X-Forwarded-For has the ingress, which is the same for everybody.
func TestClientAddressHeader(t *testing.T) {
	const ingress = "198.51.100.7"
	for name, c := range map[string]struct {
		remote string
		values []string
		want   string
	}{
		"the caller":                  {"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"with a port":                 {"10.0.0.1:1", []string{" 203.0.113.9:5678 "}, "203.0.113.9"},
		"version 6":                   {"10.0.0.1:1", []string{"2001:db8::9"}, "2001:db8::9"},
		"mapped":                      {"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"with a zone":                 {"10.0.0.1:1", []string{"2001:db8::9%forged"}, "2001:db8::9"},
		"in a trusted network":        {"10.0.0.1:1", []string{"10.0.0.9"}, "10.0.0.9"},
		"from a stranger":             {"203.0.113.9:1", []string{"1.1.1.1"}, "203.0.113.9"},
		"missing":                     {"10.0.0.1:1", nil, "10.0.0.1"},
		"empty":                       {"10.0.0.1:1", []string{""}, "10.0.0.1"},
		"malformed":                   {"10.0.0.1:1", []string{"nobody"}, "10.0.0.1"},
		"a list":                      {"10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9"}, "10.0.0.1"},
		"twice, the first by a guest": {"10.0.0.1:1", []string{"1.1.1.1", "203.0.113.9"}, "10.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			got := observedAddress(t, rpc.Observer{ClientAddressHeader: "do-connecting-ip"}, c.remote,
				http.Header{"Do-Connecting-Ip": c.values, "X-Forwarded-For": {"1.1.1.1, " + ingress}})
			require.Equal(t, c.want, got)
		})
	}
}

// observedAddress returns the address that an observer, which trusts 10.0.0.0/8, sees for a request.
func observedAddress(t *testing.T, o rpc.Observer, remote string, header http.Header) string {
	t.Helper()
	o.Log, o.TrustedProxies = slog.New(slog.DiscardHandler), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.RemoteAddr, r.Header = remote, header
	var got auth.Client
	o.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = auth.ClientFrom(r.Context())
	})).ServeHTTP(httptest.NewRecorder(), r)
	return got.Address.String()
}

func TestPanicOutsideTheAPI(t *testing.T) {
	var log bytes.Buffer
	o := rpc.Observer{Log: telemetry.NewLogger(&log, slog.LevelInfo, true)}
	w := httptest.NewRecorder()
	o.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("kaboom") })).
		ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/page", http.NoBody))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "kaboom")
	require.Contains(t, log.String(), `"cause":"panic: kaboom"`)
}
