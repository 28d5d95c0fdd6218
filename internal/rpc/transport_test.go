package rpc_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/fault"
)

func zipped(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestEveryRefusalOfTheTransportHasAReason(t *testing.T) {
	const asJSON = "application/json"
	bomb := zipped(t, make([]byte, 20*limit))
	get := func(query string) string { return getProduct + "?" + query }
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		code               string
		reason             fault.Reason
		message            string
	}{
		"unknown field": {
			body: `{"sku":"a","nope":1}`, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
			message: `The request cannot be read: unmarshal message: proto: (line 1:12): unknown field "nope".`,
		},
		"wrong type": {
			body: `{"sku":5}`, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
			message: `The request cannot be read: unmarshal message: proto: (line 1:8): invalid value for string field sku: 5.`,
		},
		"mask that JSON cannot hold": {
			path: "/catalog.v1.ProductService/UpdateProduct", body: `{"updateMask":"*"}`, header: []string{"Authorization", "Bearer good"}, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"mask with names of the proto files": {
			path: "/catalog.v1.ProductService/UpdateProduct", body: `{"updateMask":"image_urls"}`, header: []string{"Authorization", "Bearer good"}, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"rule of the whole message": {
			path: "/catalog.v1.ProductService/BatchGetProducts", body: `{}`, status: 400, code: "invalid_argument", reason: fault.FieldInvalid,
			message: "ids and skus must name 1 to 1,000 products together",
		},
		"not JSON":       {body: `{"sku"`, status: 400, code: "invalid_argument", reason: fault.RequestMalformed},
		"empty":          {body: ``, status: 400, code: "invalid_argument", reason: fault.RequestMalformed, message: "The request cannot be read: unmarshal message: it is empty, and the least that JSON takes is {}."},
		"invalid UTF-8":  {body: "{\"sku\":\"\xff\"}", status: 400, code: "invalid_argument", reason: fault.RequestMalformed},
		"a list":         {body: `[]`, status: 400, code: "invalid_argument", reason: fault.RequestMalformed},
		"repeated field": {body: `{"sku":"a","sku":"b"}`, status: 400, code: "invalid_argument", reason: fault.RequestMalformed},
		"not protobuf": {
			body: "\xff\xff", header: []string{"Content-Type", "application/proto"},
			status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"invalid UTF-8 in protobuf": {
			body: "\x12\x01\xff", header: []string{"Content-Type", "application/proto"},
			status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"too large": {
			body: `{"sku":"` + strings.Repeat("a", 2*limit) + `"}`, status: 429, code: "resource_exhausted", reason: fault.RequestTooLarge,
			message: "The request is larger than 65536 bytes, as sent or decompressed.",
		},
		"far too large": {
			body: `{"sku":"` + strings.Repeat("a", 50*limit) + `"}`, header: []string{"Expect", "100-continue"}, status: 429, code: "resource_exhausted", reason: fault.RequestTooLarge,
		},
		"gzip bomb": {
			body: bomb, header: []string{"Content-Encoding", "gzip"}, status: 429, code: "resource_exhausted", reason: fault.RequestTooLarge,
		},
		"not gzip": {
			body: "{}", header: []string{"Content-Encoding", "gzip"}, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"cut gzip": {
			body: zipped(t, []byte(`{"sku":"a"}`))[:20], header: []string{"Content-Encoding", "gzip"},
			status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"unknown compression": {
			body: "{}", header: []string{"Content-Encoding", "rot13"}, status: 501, code: "unimplemented", reason: fault.ProtocolInvalid,
		},
		"no content type": {
			body: "{}", header: []string{"Content-Type", ""}, status: 415, code: "invalid_argument", reason: fault.ContentTypeInvalid,
		},
		"another content type": {
			body: "{}", header: []string{"Content-Type", "text/xml"}, status: 415, code: "invalid_argument", reason: fault.ContentTypeInvalid,
		},
		"unknown method": {
			path: "/catalog.v1.ProductService/Nope", body: "{}", status: 404, code: "unimplemented", reason: fault.MethodNotFound,
			message: "There is no method /catalog.v1.ProductService/Nope.",
		},
		"unknown service": {path: "/nope.v1.Nope/Nope", body: "{}", status: 404, code: "unimplemented", reason: fault.MethodNotFound},
		"PUT":             {method: http.MethodPut, body: "{}", status: 405, code: "unimplemented", reason: fault.ProtocolInvalid},
		"GET of a method that writes": {
			method: http.MethodGet, path: "/catalog.v1.ProductService/CreateProduct?encoding=json&message=%7B%7D",
			status: 405, code: "unimplemented", reason: fault.ProtocolInvalid,
		},
		"GET without parameters": {method: http.MethodGet, status: 415, code: "invalid_argument", reason: fault.ContentTypeInvalid},
		"GET without message": {
			method: http.MethodGet, path: get("encoding=json"), status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
			message: "The request cannot be read: missing message parameter.",
		},
		"GET with bad base64": {
			method: http.MethodGet, path: get("encoding=json&base64=1&message=%25"), status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"GET of another version": {
			method: http.MethodGet, path: get("connect=v9&encoding=json&message={}"), status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"GET with an unknown field": {
			method: http.MethodGet, path: get("encoding=json&message=" + url.QueryEscape(`{"nope":1}`)),
			status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"another protocol version": {
			body: "{}", header: []string{"Connect-Protocol-Version", "9"}, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
		"timeout that is no number": {
			body: "{}", header: []string{"Connect-Timeout-Ms", "soon"}, status: 400, code: "invalid_argument", reason: fault.RequestMalformed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			if c.method == "" {
				c.method = http.MethodPost
				c.header = append(c.header, "Content-Type", asJSON)
			}
			if c.path == "" {
				c.path = getProduct
			}
			a := s.do(t, c.method, c.path, c.body, c.header...)
			require.Equal(t, c.status, a.status, a.body)
			require.Equal(t, c.code, a.code)
			require.Equal(t, string(c.reason), a.reason)
			require.NotEmpty(t, a.header.Get("X-Request-ID"))
			require.NotContains(t, a.message, "catalogv1")
			require.NotEmpty(t, a.message)
			if c.message != "" {
				require.Equal(t, c.message, a.message)
			}
			require.Zero(t, s.tracked.Load())
			entry := s.lastLog(t)
			require.Equal(t, c.code, entry["code"])
			require.Equal(t, string(c.reason), entry["reason"])
			require.Equal(t, "connect", entry["protocol"])
		})
	}
}

func TestRefusalsReachGRPCClients(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		header     []string
		code       connect.Code
		reason     fault.Reason
	}{
		"not protobuf":        {body: frame(0, "\xff"), code: connect.CodeInvalidArgument, reason: fault.RequestMalformed},
		"cut short":           {body: frame(0, "abc")[:6], code: connect.CodeInvalidArgument, reason: fault.RequestMalformed},
		"no message":          {body: "", code: connect.CodeUnimplemented, reason: fault.ProtocolInvalid},
		"two messages":        {body: frame(0, "") + frame(0, ""), code: connect.CodeUnimplemented, reason: fault.ProtocolInvalid},
		"too large":           {body: frame(0, strings.Repeat("a", 2*limit)), code: connect.CodeResourceExhausted, reason: fault.RequestTooLarge},
		"gzip bomb":           {body: frame(1, zipped(t, make([]byte, 20*limit))), header: []string{"Grpc-Encoding", "gzip"}, code: connect.CodeResourceExhausted, reason: fault.RequestTooLarge},
		"unknown compression": {body: frame(1, "a"), header: []string{"Grpc-Encoding", "rot13"}, code: connect.CodeUnimplemented, reason: fault.ProtocolInvalid},
		"bad timeout":         {body: frame(0, ""), header: []string{"Grpc-Timeout", "soon"}, code: connect.CodeInvalidArgument, reason: fault.RequestMalformed},
		"unknown format":      {header: []string{"Content-Type", "+rot13"}, code: connect.CodeInvalidArgument, reason: fault.ContentTypeInvalid},
		"unknown method":      {path: "/catalog.v1.ProductService/Nope", body: frame(0, ""), code: connect.CodeUnimplemented, reason: fault.MethodNotFound},
	} {
		for _, contentType := range []string{"application/grpc", "application/grpc-web+proto"} {
			t.Run(name+" "+contentType, func(t *testing.T) {
				s := start(t)
				if c.path == "" {
					c.path = getProduct
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+c.path, strings.NewReader(c.body))
				require.NoError(t, err)
				req.Header.Set("Content-Type", contentType)
				for i := 0; i < len(c.header); i += 2 {
					if c.header[i] == "Content-Type" { // another format of the protocol
						base, _, _ := strings.Cut(contentType, "+")
						c.header = []string{"Content-Type", base + "+rot13"}
					}
					req.Header.Set(c.header[i], c.header[i+1])
				}
				status := grpcStatus(t, s, req)
				require.Equal(t, c.code, status.code)
				require.Equal(t, c.reason, status.reason)
				require.Equal(t, string(c.reason), s.lastLog(t)["reason"])
			})
		}
	}
}

// In gRPC and gRPC-Web, errors are sent in headers, which nginx limits to 4 KiB. A case of the corpus goes through
// nginx.
func TestErrorsAboutManyFieldsFitIntoHeaders(t *testing.T) {
	s := start(t)
	blamed := func(options ...connect.ClientOption) *errdetails.BadRequest {
		client := catalogv1connect.NewProductServiceClient(s.h2, s.URL, options...)
		_, err := client.BatchGetProducts(t.Context(), &catalogv1.BatchGetProductsRequest{Skus: make([]string, 1000)})
		var e *connect.Error
		require.ErrorAs(t, err, &e)
		require.Contains(t, e.Message(), "(and 999 more)")
		require.Len(t, e.Details(), 2)
		detail, err := e.Details()[1].Value()
		require.NoError(t, err)
		bad, ok := detail.(*errdetails.BadRequest)
		require.True(t, ok)
		require.Equal(t, "skus[19]", bad.GetFieldViolations()[19].GetField())
		return bad
	}
	require.Len(t, blamed().GetFieldViolations(), 1000)
	require.Less(t, proto.Size(blamed(connect.WithGRPC())), 1600)
	require.Less(t, proto.Size(blamed(connect.WithGRPCWeb())), 1600)
}

func TestErrorsOfServicesReachEveryProtocol(t *testing.T) {
	s := start(t)
	for name, options := range map[string][]connect.ClientOption{
		"connect":      {},
		"connect JSON": {connect.WithProtoJSON()},
		"gRPC":         {connect.WithGRPC()},
		"gRPC-Web":     {connect.WithGRPCWeb()},
	} {
		t.Run(name, func(t *testing.T) {
			client := catalogv1connect.NewProductServiceClient(s.h2, s.URL, options...)
			for sku, want := range map[string]struct {
				code   connect.Code
				reason fault.Reason
			}{
				"missing":   {connect.CodeNotFound, fault.ProductNotFound},
				"boom":      {connect.CodeInternal, fault.InternalError},
				"broken":    {connect.CodeInternal, fault.InternalError},
				"throttled": {connect.CodeResourceExhausted, fault.SignInThrottled},
				"\x00":      {connect.CodeInvalidArgument, fault.FieldInvalid},
			} {
				_, err := client.GetProduct(t.Context(), bySKU(sku))
				code, reason := reasonOf(t, err)
				require.Equal(t, want.code, code, sku)
				require.Equal(t, want.reason, reason, sku)
				require.NotContains(t, err.Error(), "secret")
				require.NotContains(t, err.Error(), "kaboom")
			}
			_, err := client.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{})
			code, reason := reasonOf(t, err)
			require.Equal(t, connect.CodeUnauthenticated, code)
			require.Equal(t, fault.TokenRequired, reason)
			res, err := client.GetProduct(t.Context(), bySKU("a"))
			require.NoError(t, err)
			require.Equal(t, "Lamp", res.GetProduct().GetName())
		})
	}
}

func bySKU(sku string) *catalogv1.GetProductRequest {
	return &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: sku}}
}

type status struct {
	code   connect.Code
	reason fault.Reason
}

// grpcStatus sends a request over HTTP/2 and reads the status of gRPC or gRPC-Web.
func grpcStatus(t *testing.T, s server, req *http.Request) status {
	t.Helper()
	res, err := s.h2.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	header := res.Header
	if res.Trailer.Get("Grpc-Status") != "" {
		header = res.Trailer
		require.NotEqual(t, int64(0), res.ContentLength, "proxies drop trailers where there is no body to come")
	}
	raw, err := connect.DecodeBinaryHeader(header.Get("Grpc-Status-Details-Bin"))
	require.NoError(t, err)
	var st spb.Status
	require.NoError(t, proto.Unmarshal(raw, &st))
	require.Equal(t, header.Get("Grpc-Status"), strconv.Itoa(int(st.GetCode())))
	require.NotEmpty(t, st.GetMessage())
	var info errdetails.ErrorInfo
	require.NotEmpty(t, st.GetDetails())
	require.NoError(t, st.GetDetails()[0].UnmarshalTo(&info))
	return status{code: connect.Code(st.GetCode()), reason: fault.Reason(info.GetReason())}
}
