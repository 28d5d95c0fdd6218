package rpc_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

const strongTag = `^"[A-Za-z0-9_-]+"$`

// read returns the URL path of a GET of a product as JSON.
func read(sku string) string {
	return getProduct + "?encoding=json&message=" + url.QueryEscape(fmt.Sprintf(`{"sku":%q}`, sku))
}

func TestAnswersToGETsSayWhoMayKeepThem(t *testing.T) {
	const changes = "/catalog.v1.ProductService/ListProductChanges?encoding=json&message={}"
	token := []string{"Authorization", "Bearer good"}
	for name, c := range map[string]struct {
		maxAge  time.Duration
		path    string
		header  []string
		control string
	}{
		"anybody's":                {path: read("a"), control: "public, no-cache"},
		"anybody's, for a minute":  {path: read("a"), control: "public, max-age=60", maxAge: time.Minute},
		"an administrator's":       {path: read("a"), header: token, control: "private, no-cache"},
		"an administrator's, aged": {path: read("a"), header: token, control: "private, no-cache", maxAge: time.Minute},
		"for administrators alone": {path: changes, header: token, control: "no-store", maxAge: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, setup{readMaxAge: c.maxAge})
			a := s.do(t, http.MethodGet, c.path, "", c.header...)
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.Regexp(t, strongTag, a.header.Get("ETag"))
			require.Equal(t, c.control, a.header.Get("Cache-Control"))
			require.Equal(t, []string{"Accept-Encoding, Authorization"}, a.header.Values("Vary"))

			again := s.do(t, http.MethodGet, c.path, "", append(c.header, "If-None-Match", a.header.Get("ETag"))...)
			require.Equal(t, http.StatusNotModified, again.status)
			require.Empty(t, again.body)
			for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
				require.Equal(t, a.header.Values(name), again.header.Values(name))
			}
			require.Empty(t, again.header.Get("Content-Type"))
			require.EqualValues(t, 2, s.tracked.Load(), "304 is an answer like any other")
			require.Equal(t, "ok", s.lastLog(t)["code"])
		})
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		header []string
		status int
	}{
		"of a service":       {path: read("missing"), status: 404},
		"of a chain":         {path: read(""), status: 400},
		"of a token":         {path: read("a"), header: []string{"Authorization", "Bearer old"}, status: 401},
		"of Connect":         {path: getProduct + "?encoding=json&message=x", status: 400},
		"of the transport":   {path: getProduct, status: 415},
		"of writing":         {path: read("unwritable"), status: 500},
		"no such method":     {path: "/catalog.v1.ProductService/Nope?encoding=json&message={}", status: 404},
		"a method that acts": {path: "/catalog.v1.ProductService/CreateProduct?encoding=json&message={}", status: 405},
	} {
		t.Run(name, func(t *testing.T) {
			a := startWith(t, setup{readMaxAge: time.Minute}).do(t, http.MethodGet, c.path, "", append(c.header, "If-None-Match", "*")...)
			require.Equal(t, c.status, a.status, a.body)
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
			require.Empty(t, a.header.Get("ETag"))
		})
	}
}

func TestPOSTsHaveNoTags(t *testing.T) {
	a := start(t).post(t, `{"sku":"a"}`, "If-None-Match", "*")
	require.Equal(t, http.StatusOK, a.status)
	for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
		require.Empty(t, a.header.Get(name))
	}
}

// question returns the URL path of a GET of a product in an encoding, with its message compressed or not.
func question(t *testing.T, sku, encoding, compression string) string {
	t.Helper()
	message := fmt.Appendf(nil, `{"sku":%q}`, sku)
	if encoding == "proto" {
		var err error
		message, err = proto.Marshal(bySKU(sku))
		require.NoError(t, err)
	}
	if compression == "gzip" {
		message = []byte(zipped(t, message))
	}
	return getProduct + "?" + url.Values{
		"encoding": {encoding}, "compression": {compression},
		"base64": {"1"}, "message": {base64.RawURLEncoding.EncodeToString(message)},
	}.Encode()
}

// An entity tag identifies one sequence of bytes, however it is requested, and equal requests get equal tags. This
// fails if Connect chooses the coding of a response differently from isCompressed.
func TestTagsStandForBytes(t *testing.T) {
	s := start(t)
	bodies := map[string]string{}
	ask := func(path, accepted string) string {
		a := s.do(t, http.MethodGet, path, "", "Accept-Encoding", accepted)
		require.Equal(t, http.StatusOK, a.status, a.body)
		tag := a.header.Get("ETag")
		require.Regexp(t, strongTag, tag)
		require.Equal(t, a.header.Get("Content-Encoding") == "gzip", strings.Contains(tag, "-gzip-"), "%s, %s", path, accepted)
		if body, ok := bodies[tag]; ok {
			require.Equal(t, body, a.body, path)
		}
		bodies[tag] = a.body
		return tag
	}
	for _, sku := range []string{"a", "rich"} {
		for _, encoding := range []string{"json", "json; charset=utf-8", "proto"} {
			for _, compression := range []string{"", "identity", "gzip"} {
				for _, accepted := range []string{
					"", "identity", "gzip", "gzip, deflate, br, zstd", "deflate,gzip", "br identity gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1",
					"gzip;q=0", "gzip; q=0", "gzip ;q=0", "x-gzip", "GZIP", "*",
				} {
					path := question(t, sku, encoding, compression)
					tag := ask(path, accepted)
					require.Equal(t, tag, ask(path, accepted), path)
				}
			}
		}
	}
	require.Len(t, bodies, 6, "two products in JSON and protobuf, and the large one compressed too")
}

func TestRevalidation(t *testing.T) {
	s := start(t)
	tag := s.do(t, http.MethodGet, read("rich"), "", "Accept-Encoding", "gzip").header.Get("ETag")
	plain := s.do(t, http.MethodGet, read("rich"), "").header.Get("ETag")
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"the same":                     {[]string{"If-None-Match", tag}, 304},
		"weakened on the way":          {[]string{"If-None-Match", "W/" + tag}, 304},
		"one of several":               {[]string{"If-None-Match", `"x", W/"y" ,` + tag}, 304},
		"in a second header":           {[]string{"If-None-Match", `"x"`, "If-None-Match", tag}, 304},
		"anything":                     {[]string{"If-None-Match", "*"}, 304},
		"another":                      {[]string{"If-None-Match", `"x"`}, 200},
		"that of the same, not zipped": {[]string{"If-None-Match", plain}, 200},
		"no tag":                       {[]string{"If-None-Match", strings.Trim(tag, `"`)}, 200},
		"empty":                        {[]string{"If-None-Match", ""}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.do(t, http.MethodGet, read("rich"), "", append(c.header, "Accept-Encoding", "gzip")...)
			require.Equal(t, c.status, a.status)
			require.Equal(t, tag, a.header.Get("ETag"))
		})
	}
}

func TestRevalidationOverHTTP2(t *testing.T) {
	s := start(t)
	s.Client().Transport = s.h2.Transport
	tag := s.do(t, http.MethodGet, read("a"), "").header.Get("ETag")
	require.Regexp(t, strongTag, tag)
	a := s.do(t, http.MethodGet, read("a"), "", "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, a.status)
	require.Empty(t, a.body)
}

func TestClientsOfConnectRevalidate(t *testing.T) {
	s := start(t)
	client := catalogv1connect.NewProductServiceClient(s.Client(), s.URL, connect.WithHTTPGet())
	ctx, call := connect.NewClientContext(t.Context())
	_, err := client.GetProduct(ctx, bySKU("rich"))
	require.NoError(t, err)
	tag := call.ResponseHeader().Get("ETag")
	ctx, call = connect.NewClientContext(t.Context())
	call.RequestHeader().Set("If-None-Match", tag)
	_, err = client.GetProduct(ctx, bySKU("rich"))
	require.True(t, connect.IsNotModifiedError(err), "%v", err)
}
