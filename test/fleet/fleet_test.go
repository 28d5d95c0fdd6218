package fleet_test

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

// start starts a process with some of the roles, on a database.
func start(ctx context.Context, t *testing.T, program, database, roles string) *fleet.Process {
	t.Helper()
	p, err := fleet.NewProcess(ctx, program, t.TempDir(), "CATALOG_DATABASE_URL="+database, "CATALOG_ROLES="+roles)
	require.NoError(t, err)
	require.NoError(t, p.Start(ctx))
	t.Cleanup(func() {
		require.NoError(t, p.Stop(context.WithoutCancel(ctx)))
		require.NotContains(t, p.Log.String(), "DATA RACE")
	})
	return p
}

func TestFleet(t *testing.T) {
	program, err := fleet.Build(t.Context(), t.TempDir())
	require.NoError(t, err)
	ctx := wait.Context(t)
	database := dbtest.URL(t, "postgres")
	products, others := start(ctx, t, program, database, "product"), start(ctx, t, program, database, "admin,tracking")

	const prefix = "/" + catalogv1connect.ProductServiceName + "/"
	nginx, err := fleet.StartNginx(ctx, t.TempDir(), fleet.RouteTo(prefix, products), fleet.RouteTo("/", others))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, nginx.Stop(context.WithoutCancel(ctx))) })
	clients := clients(nginx)
	for name, c := range clients {
		_, err = c.products.ListProducts(ctx, &catalogv1.ListProductsRequest{})
		require.NoError(t, err, name)
		_, err = c.auth.SignIn(ctx, &catalogv1.SignInRequest{Email: "nobody@example.com", Password: "wrong, but long"})
		require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err), "%s: another process answers: %v", name, err)
	}

	// A process that is killed is passed over, and comes back at the same address.
	spare := start(ctx, t, program, database, "product")
	require.NoError(t, nginx.Route(ctx, fleet.RouteTo(prefix, products, spare), fleet.RouteTo("/", others)))
	for _, c := range clients {
		c.CloseIdleConnections() // a reload ends those, perhaps as the next call begins
	}
	products.Kill()
	require.False(t, products.Ready(ctx))
	require.False(t, products.Running())
	for range 4 {
		for name, c := range clients {
			_, err = c.products.ListProducts(ctx, &catalogv1.ListProductsRequest{})
			require.NoError(t, err, name)
		}
	}
	require.NoError(t, products.Start(ctx))
	require.NoError(t, nginx.Route(ctx, fleet.To(products)...))
	for name, c := range clients {
		c.CloseIdleConnections()
		_, err = c.auth.SignIn(ctx, &catalogv1.SignInRequest{Email: "nobody@example.com", Password: "wrong, but long"})
		require.Equal(t, connect.CodeUnimplemented, connect.CodeOf(err), "%s: only products are left: %v", name, err)
	}
}

type client struct {
	*http.Client

	products catalogv1connect.ProductServiceClient
	auth     catalogv1connect.AuthServiceClient
}

// clients calls nginx in the ways that it tells apart.
func clients(nginx *fleet.Nginx) map[string]client {
	h2c := &http.Protocols{}
	h2c.SetUnencryptedHTTP2(true)
	newClient := func(url string, protocols *http.Protocols, options ...connect.ClientOption) client {
		c := &http.Client{Transport: &http.Transport{Protocols: protocols}}
		return client{
			Client:   c,
			products: catalogv1connect.NewProductServiceClient(c, url, options...),
			auth:     catalogv1connect.NewAuthServiceClient(c, url, options...),
		}
	}
	return map[string]client{
		"JSON":             newClient(nginx.URL, nil, connect.WithProtoJSON()),
		"GET":              newClient(nginx.URL, nil, connect.WithHTTPGet()),
		"gRPC-Web":         newClient(nginx.URL, nil, connect.WithGRPCWeb()),
		"gRPC":             newClient(nginx.H2CURL, h2c, connect.WithGRPC()),
		"Connect, HTTP/2":  newClient(nginx.H2CURL, h2c),
		"gRPC-Web, HTTP/2": newClient(nginx.H2CURL, h2c, connect.WithGRPCWeb()),
	}
}

func TestNginxRefusesABadRoute(t *testing.T) {
	_, err := fleet.StartNginx(t.Context(), t.TempDir(), fleet.Route{Prefix: "/", Servers: []string{"no address"}})
	require.ErrorContains(t, err, "configure nginx")
}
