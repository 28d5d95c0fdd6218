package rpc_test

import (
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/rpc"
)

func TestJSONShowsZeroValues(t *testing.T) {
	for _, contentType := range []string{"application/json", "application/json; charset=utf-8"} {
		a := start(t).do(t, http.MethodPost, getProduct, `{"sku":"a"}`, "Content-Type", contentType)
		require.Equal(t, http.StatusOK, a.status)
		require.JSONEq(t, `{"product":{"id":"","sku":"a","name":"Lamp","brand":"","description":"","imageUrls":[],
			"tags":[],"attributes":{},"etag":""}}`, a.body)
	}
}

func TestBodiesMayBeGzip(t *testing.T) {
	a := start(t).post(t, zipped(t, []byte(`{"sku":"a"}`)), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusOK, a.status, a.body)
	full := start(t).post(t, zipped(t, []byte(`{"sku":"a"`+strings.Repeat(" ", limit-11)+"}")), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusOK, full.status, full.body)
}

func TestTokens(t *testing.T) {
	for name, c := range map[string]struct {
		path          string
		authorization []string
		status        int
		reason        fault.Reason
	}{
		"anonymous reads":                  {path: getProduct, status: 200},
		"administrator reads":              {path: getProduct, authorization: []string{"Bearer good"}, status: 200},
		"any case of the scheme":           {path: create, authorization: []string{"bearer good"}, status: 200},
		"administrator writes":             {path: create, authorization: []string{"Bearer good"}, status: 200},
		"anonymous may not write":          {path: create, status: 401, reason: fault.TokenRequired},
		"expired token may not write":      {path: create, authorization: []string{"Bearer old"}, status: 401, reason: fault.TokenExpired},
		"expired token may not read":       {path: getProduct, authorization: []string{"Bearer old"}, status: 401, reason: fault.TokenExpired},
		"another scheme is not anonymous":  {path: getProduct, authorization: []string{"Basic Zm9v"}, status: 401, reason: fault.TokenInvalid},
		"an empty header is not anonymous": {path: getProduct, authorization: []string{""}, status: 401, reason: fault.TokenInvalid},
		"no token is not anonymous":        {path: getProduct, authorization: []string{"Bearer "}, status: 401, reason: fault.TokenInvalid},
		"two headers":                      {path: getProduct, authorization: []string{"Bearer good", "Bearer good"}, status: 401, reason: fault.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			body := `{"sku":"a"}`
			if c.path == create {
				body = `{"product":{"sku":"a","name":"b","price":{"amount":"1","currencyCode":"MXN"}}}`
			}
			header := []string{"Content-Type", "application/json"}
			for _, a := range c.authorization {
				header = append(header, "Authorization", a)
			}
			a := s.do(t, http.MethodPost, c.path, body, header...)
			require.Equal(t, c.status, a.status, a.body)
			require.Equal(t, string(c.reason), a.reason)
			if c.status == http.StatusOK {
				require.EqualValues(t, 1, s.tracked.Load())
				return
			}
			require.Zero(t, s.tracked.Load(), "a rejected call is not counted")
			require.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"))
			require.NotContains(t, s.lastLog(t), "Zm9v")
		})
	}
}

// Keys are refused by the headers alone: their bodies are not even read.
func TestKeysCallWhatTheContractSays(t *testing.T) {
	const watch = "/catalog.v1.ProductService/WatchProductChanges"
	for name, c := range map[string]struct {
		path, key string
		status    int
		reason    fault.Reason
		message   string
	}{
		"read key reads":            {path: getProduct, key: readKey, status: 200},
		"write key reads":           {path: getProduct, key: writeKey, status: 200},
		"write key writes":          {path: create, key: writeKey, status: 200},
		"read key may not write":    {path: create, key: readKey, status: 403, reason: fault.APIKeyForbidden, message: "ACCESS_WRITE"},
		"key without access":        {path: getProduct, key: uselessKey, status: 403, reason: fault.APIKeyForbidden, message: "who signed in"},
		"key without access writes": {path: create, key: uselessKey, status: 403, reason: fault.APIKeyForbidden, message: "ACCESS_WRITE"},
		"read key watches":          {path: watch, key: readKey, status: 415}, // the JSON of one message is no stream
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			body := `{"sku":"a"}`
			if c.path == create {
				body = `{"product":{"sku":"a","name":"b","price":{"amount":"1","currencyCode":"MXN"}}}`
			}
			if c.status == http.StatusForbidden {
				body = "not JSON"
			}
			a := s.do(t, http.MethodPost, c.path, body, "Content-Type", "application/json", "Authorization", "Bearer "+c.key)
			require.Equal(t, c.status, a.status, a.body)
			if c.reason != "" {
				require.Equal(t, string(c.reason), a.reason)
				require.Equal(t, "permission_denied", a.code)
			}
			require.Contains(t, a.message, c.message)
			entry := s.lastLog(t)
			if c.status != http.StatusUnsupportedMediaType {
				require.Equal(t, adminID.String(), entry["admin_id"])
				require.Equal(t, keyID.String(), entry["api_key_id"])
			}
		})
	}
}

func TestMethodWithoutKeyAccessIsRefusedForKeys(t *testing.T) {
	admins := catalogv1.File_catalog_v1_admin_proto.Services().Get(0).Methods()
	for name, schema := range map[string]any{
		"without the option": admins.ByName("ListAdmins"),
		"public":             catalogv1.File_catalog_v1_auth_proto.Services().Get(0).Methods().ByName("SignIn"),
		"no schema":          nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, connect.WithSchema(schema)).post(t, `{"sku":"a"}`, "Authorization", "Bearer "+writeKey)
			require.Equal(t, http.StatusForbidden, a.status)
			require.Equal(t, string(fault.APIKeyForbidden), a.reason)
		})
	}
}

func TestMethodWithoutAccessFailsClosed(t *testing.T) {
	for name, schema := range map[string]any{
		"no option": protoreflect.Descriptor(catalogv1.File_catalog_v1_product_proto.Services().Get(0)),
		"no schema": nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, connect.WithSchema(schema)).post(t, `{"sku":"a"}`, "Authorization", "Bearer good")
			require.Equal(t, http.StatusForbidden, a.status)
			require.Equal(t, string(fault.AccessUndefined), a.reason)
		})
	}
}

func TestEveryMethodSaysWhoMayCallIt(t *testing.T) {
	for _, file := range []protoreflect.FileDescriptor{
		catalogv1.File_catalog_v1_product_proto, catalogv1.File_catalog_v1_auth_proto,
		catalogv1.File_catalog_v1_admin_proto, catalogv1.File_catalog_v1_notification_proto,
		catalogv1.File_catalog_v1_tracking_proto,
	} {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				access := rpc.AccessOf(connect.Spec{Schema: methods.Get(j)})
				require.NotEqual(t, catalogv1.Access_ACCESS_UNSPECIFIED, access, "%s", methods.Get(j).FullName())
			}
		}
	}
}

func TestValidationNamesFields(t *testing.T) {
	for name, c := range map[string]struct{ path, body, field string }{
		"nothing set":                {getProduct, `{}`, "key: exactly one field is required in oneof"},
		"not a UUID":                 {getProduct, `{"id":"x"}`, "id: must be a valid UUID"},
		"NUL":                        {getProduct, `{"sku":"a\u0000"}`, "sku: must not contain the control character U+0000"},
		"escape":                     {getProduct, `{"sku":"\u001b[2J"}`, "sku: must not contain the control character U+001B"},
		"NUL deep inside":            {create, `{"product":{"sku":"a","name":"b","price":{"amount":"1\u0000","currencyCode":"MXN"}}}`, "product.price.amount: must not contain the control character U+0000"},
		"NUL in a list":              {create, `{"product":{"sku":"a","name":"b","price":{"amount":"1","currencyCode":"MXN"},"tags":["a","b\u0000"]}}`, "product.tags[1]: must not contain the control character U+0000"},
		"NUL in an attribute":        {create, `{"product":{"sku":"a","name":"b","price":{"amount":"1","currencyCode":"MXN"},"attributes":{"k":"\u0000"}}}`, `product.attributes["k"]: must not contain the control character U+0000`},
		"NUL in an attribute's name": {create, `{"product":{"sku":"a","name":"b","price":{"amount":"1","currencyCode":"MXN"},"attributes":{"\u0000":"v"}}}`, `product.attributes["\x00"]: must not contain the control character U+0000`},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			a := s.do(t, http.MethodPost, c.path, c.body, "Content-Type", "application/json", "Authorization", "Bearer good")
			require.Equal(t, http.StatusBadRequest, a.status, a.body)
			require.Equal(t, string(fault.FieldInvalid), a.reason)
			require.Equal(t, []string{c.field}, a.fields)
			require.Equal(t, c.field, a.message)
			require.Zero(t, s.tracked.Load())
		})
	}
}

func TestLineBreaksAndTabsAreText(t *testing.T) {
	a := start(t).post(t, `{"sku":"a\t\r\nb"}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
}

func TestRetryAfter(t *testing.T) {
	a := start(t).post(t, `{"sku":"throttled"}`)
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Contains(t, a.body, `"retryDelay":"1.500s"`)
}

func TestUnwritableAnswerIsAnInternalError(t *testing.T) {
	s := start(t)
	client := catalogv1connect.NewProductServiceClient(s.h2, s.URL, connect.WithGRPC())
	_, err := client.GetProduct(t.Context(), bySKU("unwritable"))
	code, reason := reasonOf(t, err)
	require.Equal(t, connect.CodeInternal, code)
	require.Equal(t, fault.InternalError, reason)
	require.Contains(t, s.lastLog(t)["cause"], "invalid UTF-8")
}

func TestTimeLimitOfTheCaller(t *testing.T) {
	a := start(t).post(t, `{"sku":"slow"}`, "Connect-Timeout-Ms", "20")
	require.Equal(t, http.StatusGatewayTimeout, a.status)
	require.Equal(t, string(fault.DeadlineExceeded), a.reason)
}
