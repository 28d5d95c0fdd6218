package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// servicesOf are the services of each role.
var servicesOf = map[string][]string{
	"product":      {catalogv1connect.ProductServiceName},
	"admin":        {catalogv1connect.AdminServiceName, catalogv1connect.AuthServiceName},
	"notification": {catalogv1connect.NotificationServiceName},
	"tracking":     {catalogv1connect.TrackingServiceName},
}

// readOf is a method of each service that needs no body.
var readOf = map[string]string{
	catalogv1connect.ProductServiceName:      "/ListProducts",
	catalogv1connect.AdminServiceName:        "/ListAdmins",
	catalogv1connect.AuthServiceName:         "/GetCurrentAdmin",
	catalogv1connect.NotificationServiceName: "/ListDeliveries",
	catalogv1connect.TrackingServiceName:     "/ListTopProducts",
}

// bootRoles starts a process for each role on one database, the role admin last: what only verifies
// tokens must not need it to start.
func bootRoles(t *testing.T) map[string]*catalog {
	t.Helper()
	cfg := settings(t)
	cfg.DatabaseURL = config.URL(dbtest.URL(t, "postgres"))
	cfg.MailgunWebhookKey = "secret"
	started := map[string]*catalog{}
	for _, role := range []string{"product", "notification", "tracking", "admin"} {
		cfg.DataDir, cfg.Roles = t.TempDir(), []string{role}
		started[role] = boot(t, cfg)
	}
	return started
}

// setUp makes the first administrator and returns an access token.
func (c *catalog) setUp(t *testing.T) string {
	t.Helper()
	status, answer := post(t, c.URL()+"/catalog.v1.AuthService/CompleteSetup",
		`{"token":"`+c.setupToken(t)+`","email":"ada@example.com","name":"Ada","password":"correct horse battery"}`)
	require.Equal(t, http.StatusOK, status, answer)
	var session struct {
		AccessToken string `json:"accessToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &session))
	return session.AccessToken
}

func TestEveryRoleByItself(t *testing.T) {
	processes := bootRoles(t)
	token := processes["admin"].setUp(t)
	for role, process := range processes {
		t.Run(role, func(t *testing.T) {
			for owner, services := range servicesOf {
				for _, service := range services {
					url := process.URL() + "/" + service + readOf[service]
					status, _, answer := do(t, http.MethodPost, url, "{}",
						"Content-Type", "application/json", "Authorization", "Bearer "+token)
					if owner == role {
						require.Equal(t, http.StatusOK, status, "%s: %s", service, answer)
						continue
					}
					require.Equal(t, http.StatusNotImplemented, status, service)
					requireNotServed(t, url, owner)
				}
			}
			require.Contains(t, process.printed.String(), "Roles "+role+"\n")
			require.Equal(t, role == "notification", strings.Contains(process.printed.String(), "  Mail  "))
			require.Equal(t, role == "admin", strings.Contains(process.printed.String(), "/setup#"))
			status, _, _ := do(t, http.MethodPost, process.URL()+"/webhooks/mailgun", "{}")
			if role == "notification" {
				require.Equal(t, http.StatusNotAcceptable, status, "not signed")
			} else {
				require.Equal(t, http.StatusNotFound, status)
			}
		})
	}
}

// requireNotServed calls a method over every protocol at a process that does not have its role.
func requireNotServed(t *testing.T, url, role string) {
	t.Helper()
	for _, option := range []connect.ClientOption{connect.WithGRPC(), connect.WithGRPCWeb(), connect.WithProtoJSON()} {
		call := connect.NewClient[catalogv1.ListProductsRequest, catalogv1.ListProductsResponse](http2Client(), url, option)
		_, err := call.CallUnary(t.Context(), connect.NewRequest(&catalogv1.ListProductsRequest{}))
		require.Equal(t, connect.CodeUnimplemented, connect.CodeOf(err))
		require.ErrorContains(t, err, "takes the role "+role)
		var refused *connect.Error
		require.ErrorAs(t, err, &refused)
		detail, err := refused.Details()[0].Value()
		require.NoError(t, err)
		info, ok := detail.(*errdetails.ErrorInfo)
		require.True(t, ok)
		require.Equal(t, "SERVICE_NOT_SERVED", info.GetReason())
		require.Equal(t, map[string]string{"role": role}, info.GetMetadata())
	}
}

// A load balancer may send what belongs to no service to any process.
func TestWhatEveryProcessServes(t *testing.T) {
	processes := bootRoles(t)
	processes["admin"].setUp(t)
	var pages, keys []string
	for role, process := range processes {
		page := ""
		for _, path := range []string{"/", "/docs", "/docs/quickstart", "/openapi.json"} {
			status, _, body := get(t, process.URL()+path)
			require.Equal(t, http.StatusOK, status, "%s of %s", path, role)
			page += strings.ReplaceAll(body, strings.TrimPrefix(process.URL(), "http://"), "")
		}
		pages = append(pages, page)
		for _, path := range []string{"/livez", "/readyz"} {
			status, _, _ := get(t, process.URL()+path)
			require.Equal(t, http.StatusOK, status, "%s of %s", path, role)
		}
		wait.For(t, func() bool {
			_, _, set := get(t, process.URL()+"/.well-known/jwks.json")
			if !strings.Contains(set, "kid") {
				return false // it started before there was a key
			}
			keys = append(keys, set)
			return true
		})

		health := grpchealth.NewClient(http2Client(), process.URL(), connect.WithGRPC())
		for _, service := range slices.Collect(maps.Keys(readOf)) {
			res, err := health.Check(t.Context(), &grpchealth.CheckRequest{Service: service})
			if slices.Contains(servicesOf[role], service) {
				require.NoError(t, err)
				require.Equal(t, grpchealth.StatusServing, res.Status)
			} else {
				require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), "%s of %s", service, role)
			}
		}
		stream := grpcreflect.NewClient(http2Client(), process.URL(), connect.WithGRPC()).NewStream(t.Context())
		names, err := stream.ListServices()
		require.NoError(t, err)
		for service := range readOf {
			require.Contains(t, names, protoreflect.FullName(service), "the contract is one, whoever is asked")
		}
		_, err = stream.Close()
		require.NoError(t, err)
	}
	require.Len(t, slices.Compact(pages), 1)
	require.Len(t, slices.Compact(keys), 1, "%v", keys)
	require.NotContains(t, keys[0], `"d"`, "no secret")
}
