package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// ServerVariable is the environment variable with the URL of a PostgreSQL server to make databases on,
// as a user who may do so. Without it each test process starts its own server.
const ServerVariable = "CATALOG_TEST_POSTGRES_URL"

// serverURL returns the URL of the server to use, which is started at the first call if need be.
func serverURL() (string, error) {
	if url := os.Getenv(ServerVariable); url != "" {
		return url, nil
	}
	cluster, err := ownCluster()
	if err != nil {
		return "", err
	}
	return cluster.URL, nil
}

// ownCluster returns the server that this process has started. It must stay referenced: it stops when
// its pipe is closed, by the garbage collector too.
var ownCluster = sync.OnceValues(func() (*Cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setupTime)
	defer cancel()
	return StartCluster(ctx)
})

func server(t testing.TB) string {
	t.Helper()
	url, err := serverURL()
	require.NoError(t, err)
	return url
}

// templateDatabase returns the name of a migrated database, made once per process. Nothing stays
// connected to it, as copying it requires.
var templateDatabase = sync.OnceValues(func() (string, error) {
	admin, err := serverURL()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTime)
	defer cancel()
	name := newName("template")
	if err := onServer(ctx, admin, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE template0"); err != nil {
		return "", err
	}
	return name, migrate(ctx, inDatabase(admin, name))
})

func postgresTemplate(t testing.TB) string {
	t.Helper()
	name, err := templateDatabase()
	require.NoError(t, err)
	return name
}

// createDatabase makes a copy of a template and returns its URL. It is dropped when the test ends.
func createDatabase(t testing.TB, admin, template string) string {
	t.Helper()
	name := pq.QuoteIdentifier(newName("test"))
	create := "CREATE DATABASE " + name + " TEMPLATE " + pq.QuoteIdentifier(template) + " STRATEGY file_copy"
	require.NoError(t, onServer(t.Context(), admin, create))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setupTime)
		defer cancel()
		require.NoError(t, onServer(ctx, admin, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return inDatabase(admin, strings.Trim(name, `"`))
}

func onServer(ctx context.Context, admin, statement string) error {
	pool, err := sql.Open("postgres", admin)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", ServerVariable, err)
	}
	defer pool.Close()
	if _, err := pool.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func newName(kind string) string {
	return "catalog_" + kind + "_" + strings.ToLower(rand.Text())
}

// inDatabase returns the server's URL with another database.
func inDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // it was connected to already
	}
	u.Path = "/" + name
	return u.String()
}
