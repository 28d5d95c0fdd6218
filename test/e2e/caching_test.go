package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

// reading is the answer to a GET.
type reading struct {
	status int
	header http.Header
	body   string
}

func (r reading) tag() string { return r.header.Get("ETag") }

// read asks the server at an address with a Connect GET. header has names and values in turn.
func read(t *testing.T, base, rpc, message string, header ...string) reading {
	t.Helper()
	address := base + "/catalog.v1." + rpc + "?" +
		url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {message}}.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http1.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reading{status: resp.StatusCode, header: resp.Header, body: string(body)}
}

// figures returns how often a product was read, and seen in lists.
func (s *server) figures(t *testing.T, id any) (views, impressions int) {
	t.Helper()
	found := s.must(t, "admin", "TrackingService/QueryProductViews", object{"productId": id})
	_, err := fmt.Sscan(fmt.Sprint(found["totalViews"], " ", found["totalImpressions"]), &views, &impressions)
	require.NoError(t, err)
	return views, impressions
}

// requireFigures waits until everything that was read so far is counted, and compares.
func (s *server) requireFigures(t *testing.T, id any, views, impressions int) {
	t.Helper()
	last := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product(fmt.Sprint("last-", views, "-", impressions))})
	lastID := last["product"].(object)["id"]
	require.Equal(t, http.StatusOK, read(t, s.base, "ProductService/GetProduct", fmt.Sprintf(`{"id":%q}`, lastID)).status)
	wait.For(t, func() bool { seen, _ := s.figures(t, lastID); return seen == 1 }, "it is counted in turn")
	gotViews, gotImpressions := s.figures(t, id)
	require.Equal(t, views, gotViews, "views")
	require.Equal(t, impressions, gotImpressions, "impressions")
}

func (s *server) create(t *testing.T, sku string) (id string) {
	t.Helper()
	p := product(sku)
	p["description"] = strings.Repeat("Long enough to be worth compressing. ", 40)
	created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": p})
	return created["product"].(object)["id"].(string)
}

func (s *server) rename(t *testing.T, id, name string) {
	t.Helper()
	s.must(t, "admin", "ProductService/UpdateProduct", object{"product": object{"id": id, "name": name}})
}

// TestUnchangedReadsAreCounted reads the same again and again, with and without the tag of what is there.
func TestUnchangedReadsAreCounted(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := newServer(t, dialect, 1)
			id := s.create(t, "tagged")
			for _, rpc := range []struct{ name, message string }{
				{"ProductService/GetProduct", `{"sku":"tagged"}`},
				{"ProductService/BatchGetProducts", `{"skus":["tagged"]}`},
				{"ProductService/ListProducts", `{"query":"tagged"}`},
				{"ProductService/ListBrands", `{}`},
			} {
				first := read(t, s.base, rpc.name, rpc.message)
				require.Equal(t, http.StatusOK, first.status, first.body)
				require.Equal(t, "public, no-cache", first.header.Get("Cache-Control"))
				again := read(t, s.base, rpc.name, rpc.message, "If-None-Match", `"other", `+first.tag())
				require.Equal(t, http.StatusNotModified, again.status, rpc.name)
				require.Empty(t, again.body)
				require.Equal(t, first.tag(), again.tag())

				admin := read(t, s.base, rpc.name, rpc.message, "Authorization", "Bearer "+s.token(t, "admin"), "If-None-Match", first.tag())
				require.Equal(t, http.StatusNotModified, admin.status, "it is the same to an administrator")
				require.Equal(t, "private, no-cache", admin.header.Get("Cache-Control"))
			}
			zipped := read(t, s.base, "ProductService/GetProduct", `{"sku":"tagged"}`, "Accept-Encoding", "gzip")
			require.Equal(t, "gzip", zipped.header.Get("Content-Encoding"))
			plain := read(t, s.base, "ProductService/GetProduct", `{"sku":"tagged"}`, "If-None-Match", zipped.tag())
			require.Equal(t, http.StatusOK, plain.status, "these are other bytes")
			require.NotEqual(t, zipped.tag(), plain.tag())

			s.rename(t, id, "Another name")
			changed := read(t, s.base, "ProductService/GetProduct", `{"sku":"tagged"}`, "If-None-Match", plain.tag())
			require.Equal(t, http.StatusOK, changed.status)
			require.Contains(t, changed.body, "Another name")
			require.NotEqual(t, plain.tag(), changed.tag())
			s.requireFigures(t, id, 7, 2)
		})
	}
}

// TestBuildsShareNoTags asks two builds of the program that write the same JSON with different white
// space, as replicas do during a rollout.
func TestBuildsShareNoTags(t *testing.T) {
	database := "CATALOG_DATABASE_URL=" + dbtest.URL(t, "postgres")
	s := newServer(t, "postgres", 1, database)
	s.create(t, "built")
	ask := func(base string, header ...string) reading {
		return read(t, base, "ProductService/GetProduct", `{"sku":"built"}`, header...)
	}
	one := ask(s.base)
	other := startOtherBuild(t, database, func(base string) bool { return ask(base).body != one.body })
	two := ask(other)
	require.JSONEq(t, one.body, two.body)
	require.NotEqual(t, one.tag(), two.tag())
	require.NotEqual(t, ask(s.base, "Accept-Encoding", "gzip").tag(), ask(other, "Accept-Encoding", "gzip").tag())
	for base, tags := range map[string][2]string{s.base: {one.tag(), two.tag()}, other: {two.tag(), one.tag()}} {
		require.Equal(t, http.StatusNotModified, ask(base, "If-None-Match", tags[0]).status)
		require.Equal(t, http.StatusOK, ask(base, "If-None-Match", tags[1]).status)
	}
}

// startOtherBuild starts a build of the program of which differs reports true, and returns its address.
// protojson chooses its white space by the size of the program and some of its bytes.
func startOtherBuild(t *testing.T, env string, differs func(base string) bool) string {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	build, err := os.ReadFile(path)
	require.NoError(t, err)
	ctx := wait.Context(t)
	for range 20 {
		build = append(build, 0) // behind what is loaded
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "other"), build, 0o700))
		p, err := fleet.NewProcess(ctx, filepath.Join(dir, "other"), dir, env)
		require.NoError(t, err)
		require.NoError(t, p.Start(ctx))
		t.Cleanup(func() { require.NoError(t, p.Stop(context.WithoutCancel(ctx))) })
		if differs(p.URL) {
			return p.URL
		}
	}
	require.Fail(t, "every build writes the same")
	return ""
}

var nginxBlock = regexp.MustCompile("(?s)```nginx\n(.*?)```")

// TestCountsBehindNginx runs nginx as docs/caching.md says.
func TestCountsBehindNginx(t *testing.T) {
	page, err := os.ReadFile("../../docs/caching.md")
	require.NoError(t, err)
	files := nginxBlock.FindAllStringSubmatch(string(page), -1)
	require.Len(t, files, 2)

	t.Run("every read", func(t *testing.T) {
		s := newServer(t, "sqlite", 1)
		id := s.create(t, "behind")
		ask := askThrough(t, s, files[0][1])
		first := ask(http.StatusOK, "MISS")
		for range 3 {
			require.Equal(t, first.body, ask(http.StatusOK, "REVALIDATED").body)
			ask(http.StatusNotModified, "REVALIDATED", "If-None-Match", "W/"+first.tag())
		}
		require.Contains(t, ask(http.StatusOK, "BYPASS", "Authorization", "Bearer "+s.token(t, "admin")).header.Get("Cache-Control"), "private")
		ask(http.StatusOK, "MISS", "Accept-Encoding", "gzip")
		ask(http.StatusOK, "REVALIDATED", "Accept-Encoding", "gzip")
		s.rename(t, id, "Another name")
		require.Contains(t, ask(http.StatusOK, "EXPIRED", "If-None-Match", first.tag()).body, "Another name")
		ask(http.StatusOK, "REVALIDATED")
		s.must(t, "admin", "ProductService/DeleteProduct", object{"id": id})
		ask(http.StatusNotFound, "")
		s.requireFigures(t, id, 11, 0)
	})
	t.Run("some reads", func(t *testing.T) {
		s := newServer(t, "sqlite", 1, "CATALOG_READ_MAX_AGE=1h")
		id := s.create(t, "behind")
		ask := askThrough(t, s, files[1][1])
		require.Equal(t, "public, max-age=3600", ask(http.StatusOK, "MISS").header.Get("Cache-Control"))
		for range 3 {
			ask(http.StatusOK, "HIT")
		}
		s.rename(t, id, "Another name")
		require.NotContains(t, ask(http.StatusOK, "HIT").body, "Another name")
		require.Contains(t, ask(http.StatusOK, "BYPASS", "Authorization", "Bearer "+s.token(t, "admin")).body, "Another name")
		s.requireFigures(t, id, 1, 0)
	})
}

// askThrough starts nginx with a file in front of a server, and returns what reads the product with the
// SKU "behind" through it, and fails if the answer is not as wanted.
func askThrough(t *testing.T, s *server, file string) func(status int, cache string, header ...string) reading {
	t.Helper()
	ctx := wait.Context(t)
	address, err := fleet.FreeAddress(ctx)
	require.NoError(t, err)
	between, err := fleet.FreeAddress(ctx)
	require.NoError(t, err)
	file = strings.NewReplacer(
		"/var/cache/nginx/catalog", t.TempDir(),
		"127.0.0.1:8080", strings.TrimPrefix(s.base, "http://"),
		"127.0.0.1:8081", between,
		"listen 80;", "listen "+address+";",
	).Replace(file)
	nginx, err := fleet.StartNginxAs(ctx, t.TempDir(), address, file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, nginx.Stop(context.WithoutCancel(ctx))) })
	return func(status int, cache string, header ...string) reading {
		t.Helper()
		r := read(t, nginx.URL, "ProductService/GetProduct", `{"sku":"behind"}`, header...)
		require.Equal(t, status, r.status, r.body)
		require.Equal(t, cache, r.header.Get("X-Cache"))
		return r
	}
}
