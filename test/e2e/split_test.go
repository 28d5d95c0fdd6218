package e2e

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

// routes are the paths of each role, as docs/deploy.md tells load balancers.
var routes = map[string][]string{
	"product":      {"/catalog.v1.ProductService/", "/"},
	"admin":        {"/catalog.v1.AdminService/", "/catalog.v1.AuthService/"},
	"notification": {"/catalog.v1.NotificationService/", "/webhooks/"},
	"tracking":     {"/catalog.v1.TrackingService/"},
}

// newSplit starts a server for each role on one PostgreSQL, each as a user of the database that may do no
// more than the role needs, and nginx in front of them. The server that it returns stands for all.
func newSplit(t *testing.T, admins int, env ...string) *server {
	t.Helper()
	nginx, err := fleet.StartNginx(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, nginx.Stop(wait.Context(t)))
	})
	database := dbtest.URL(t, "postgres")
	owner := prepareOn(t, database, admins)
	env = append([]string{"CATALOG_PUBLIC_URL=" + nginx.URL, "CATALOG_TRUSTED_PROXIES=127.0.0.1/32"}, env...)
	parts := map[string]*server{}
	var all []fleet.Route
	for role, prefixes := range routes {
		part := prepareOn(t, owner.asRole(t, database, role), 0, append(env, "CATALOG_ROLES="+role)...)
		part.start(t)
		for _, prefix := range prefixes {
			all = append(all, fleet.RouteTo(prefix, part.process))
		}
		parts[role] = part
	}
	require.NoError(t, nginx.Route(t.Context(), all...))
	return &server{
		base: nginx.URL, h2c: nginx.H2CURL, tokens: map[string]string{},
		dataDir: parts["notification"].dataDir, log: parts["admin"].log, database: database,
	}
}

// asRole makes a user of the database that may do what a role of the catalog needs. It returns the URL of
// the database for that user.
func (s *server) asRole(t *testing.T, database, role string) string {
	t.Helper()
	user := "catalog_" + role + "_" + strings.ToLower(rand.Text())
	owner := dbtest.Open(t, database)
	exec := func(ctx context.Context, statement string) {
		_, err := owner.SQL().ExecContext(ctx, statement)
		require.NoError(t, err, statement)
	}
	name := pq.QuoteIdentifier(user)
	exec(t.Context(), "CREATE ROLE "+name+" LOGIN PASSWORD 'secret'")
	t.Cleanup(func() {
		exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+name+"; DROP ROLE "+name)
	})
	output, err := s.process.Command(t.Context(), "migrate", "--grant-to="+user, "--grant-roles="+role).CombinedOutput()
	require.NoError(t, err, "%s", output)
	u, err := url.Parse(database)
	require.NoError(t, err)
	u.User = url.UserPassword(user, "secret")
	return u.String()
}
