package db_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

func TestURLsOfSeveralServers(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://u:secret@a:1,b:2/d?target_session_attrs=read-write": "",
		"postgresql://a,b/d": "",
		"postgres://u:se,cret@[::1]:1,b/d?sslmode=disable":             "",
		"postgres:///d?host=a,b&port=1,2&target_session_attrs=primary": "",
		"postgres://a,b/d?load_balance_hosts=random":                   "",
		"postgres://u:secret@a,b/d?target_session_attrs=standby":       "must be read-write or primary: standby",
		"postgres://u:secret@a/d?target_session_attrs=read-only":       "must be read-write or primary: read-only",
		"postgres://u:secret@a,b/d?target_session_attrs=writable":      `"target_session_attrs"`,
		"postgres://u:secret@a:x,b/d":                                  "host or port",
		"postgres://u:secret@a,/d":                                     "host or port",
		"postgres://u:secret@a:1,b:2/d?host=c":                         "once",
		"postgres://u:secret@a:1,b:2/d?port=3":                         "once",
		"postgres:///d?user=u&password=secret&host=a,b,c&port=1,2":     "2 port",
		"host=a,b dbname=d password=secret":                            "does not parse",
	} {
		err := db.CheckURL(text)
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "secret")
	}
}

// spellings returns the URLs of a database on several servers: in one parameter, and before the path.
func spellings(t *testing.T, databaseURL string, addresses ...string) []string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	user, hosts, ports := u.User.String(), make([]string, len(addresses)), make([]string, len(addresses))
	for i, address := range addresses {
		hosts[i], ports[i], _ = strings.Cut(address, ":")
	}
	return []string{
		fmt.Sprintf("postgres://%s@%s%s?sslmode=disable&target_session_attrs=read-write", user, strings.Join(addresses, ","), u.Path),
		fmt.Sprintf("postgres://%s@%s%s?sslmode=disable", user, strings.Join(addresses, ","), u.Path),
		fmt.Sprintf("postgres://%s@%s?sslmode=disable&host=%s&port=%s", user, u.Path, strings.Join(hosts, ","), strings.Join(ports, ",")),
	}
}

func hostOf(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	return u.Host
}

func TestTheNextServerIsUsedWhenOneIsGone(t *testing.T) {
	databaseURL := dbtest.URL(t, "postgres")
	direct := dbtest.Open(t, databaseURL)
	require.NoError(t, direct.Migrate(t.Context()))
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			first, one := dbtest.NewProxy(t, databaseURL)
			_, two := dbtest.NewProxy(t, databaseURL)
			d := dbtest.Open(t, spellings(t, databaseURL, hostOf(t, one), hostOf(t, two))[i])
			require.NoError(t, d.Watch(t.Context()))
			wait.For(t, d.Informed)
			first.Close()
			seen := observe(d)
			wait.For(t, func() bool { return d.Informed() && d.Ping(t.Context()) == nil })
			wait.For(t, func() bool { // the listener, too, has moved
				id := dbtest.CreateProduct(t, direct, uuid.NewString(), "")
				return seen.of(id) > 0
			})
		})
	}
}

func TestAServerThatOnlyReadsIsPassedOver(t *testing.T) {
	cluster, err := dbtest.StartCluster(t.Context(), "default_transaction_read_only=on")
	require.NoError(t, err)
	defer func() { require.NoError(t, cluster.Stop()) }()
	databaseURL := dbtest.URL(t, "postgres")
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	same, err := sql.Open("postgres", cluster.URL+"&options="+url.QueryEscape("-c default_transaction_read_only=off"))
	require.NoError(t, err)
	defer same.Close()
	_, err = same.ExecContext(t.Context(), "CREATE DATABASE "+pq.QuoteIdentifier(strings.Trim(u.Path, "/")))
	require.NoError(t, err)
	_, readOnly := dbtest.NewProxy(t, cluster.URL)
	_, writable := dbtest.NewProxy(t, databaseURL)
	for _, text := range spellings(t, databaseURL, hostOf(t, readOnly), hostOf(t, writable)) {
		d, err := db.Open(t.Context(), text, slog.New(slog.DiscardHandler))
		require.NoError(t, err, text)
		_, err = d.SQL().ExecContext(t.Context(), "CREATE TEMPORARY TABLE t ()")
		require.NoError(t, err, text)
		require.NoError(t, d.Close())
	}
}
