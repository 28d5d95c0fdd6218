package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

// releaseBefore returns the path of the program of the release before this one, built from the history
// (scripts/release-before says which it is). Its sources stay in .bin, so that the next run has it built.
var releaseBefore = sync.OnceValues(func() (string, error) {
	var stderr bytes.Buffer
	find := exec.CommandContext(context.Background(), "../../scripts/release-before")
	find.Stderr = &stderr
	commit, err := find.Output()
	if err != nil {
		return "", fmt.Errorf("find the release before: %w: %s", err, &stderr)
	}
	root, err := filepath.Abs(filepath.Join("..", "..", ".bin", "release-before", strings.TrimSpace(string(commit))))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		if err := extract(filepath.Base(root), root); err != nil {
			return "", err
		}
	}
	folder := filepath.Join(programDir, "release-before")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	return fleet.BuildFrom(context.Background(), root, folder)
})

// extract writes the sources of a commit into a folder, and removes those of other commits beside it.
func extract(commit, folder string) error {
	parent := filepath.Dir(folder)
	if err := errors.Join(os.RemoveAll(parent), os.MkdirAll(parent, 0o700)); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(parent, "")
	if err != nil {
		return err
	}
	command := exec.CommandContext(context.Background(), "bash", "-c",
		`set -o pipefail; git -C ../.. archive "$1" | tar -x -C "$2"`, "bash", commit, temporary)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("sources of %s: %w: %s", commit, err, output)
	}
	return os.Rename(temporary, folder)
}

// TestReleaseBeforeWorksOnThisSchema upgrades a catalog and goes back, as docs/operations.md says: the
// program of the release before must keep working on this one's schema, on PostgreSQL beside this one too.
// Nothing may be lost on the way, nor any mail or view be missing or come twice.
func TestReleaseBeforeWorksOnThisSchema(t *testing.T) {
	t.Parallel()
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			folder, settings := t.TempDir(), []string{
				"CATALOG_DATABASE_URL=" + dbtest.URL(t, dialect), "CATALOG_NOTIFY_WINDOW=50ms",
			}
			before := prepareProgram(t, releaseBefore, folder, settings...)
			now := prepareProgram(t, program, folder, settings...)
			now.tokens = before.tokens
			for _, a := range append(slices.Clone(recipients), accounts[0]) {
				before.createAdmin(t, a)
			}
			before.start(t)
			shop := &shop{products: map[string]object{}, views: map[string]int64{}}
			shop.work(t, before, "before the upgrade")

			if dialect == "sqlite" {
				require.NoError(t, before.stop(t))
			}
			output, err := now.process.Command(t.Context(), "migrate").CombinedOutput()
			require.NoError(t, err, "%s", output)
			if dialect == "sqlite" {
				before.start(t)
			}
			shop.work(t, before, "on the new schema")

			if dialect == "sqlite" {
				before.kill(t) // it leaves its journal
				now.start(t)
			} else {
				now.start(t)
				shop.workTogether(t, before, now)
				before.kill(t)
			}
			shop.work(t, now, "after the upgrade")
			shop.requireEverything(t, now)

			now.kill(t)
			before.start(t)
			shop.work(t, before, "back again")
			shop.requireEverything(t, before)
			require.NoError(t, before.stop(t))
			now.start(t)
			shop.requireEverything(t, now)
		})
	}
}

// shop is what a catalog has been told, and so must know.
type shop struct {
	products map[string]object // by id, as they must be
	views    map[string]int64  // by id
	names    []string          // that changes gave
	refresh  any               // token of the administrator's session
}

// keep acts for the administrator with what a sign-in or a refresh answered.
func (shop *shop) keep(s *server, session object) {
	shop.refresh, s.tokens["admin"] = session["refreshToken"], session["accessToken"].(string)
}

// work does what administrators and visitors do all day, and looks at what comes of it. what names the
// products, and must differ from call to call.
func (shop *shop) work(t *testing.T, s *server, what string) {
	t.Helper()
	shop.keep(s, s.must(t, "", "AuthService/SignIn", object{"email": accounts[0].email, "password": accounts[0].password}))
	sku := strings.ReplaceAll(what, " ", "-")
	p := shop.create(t, s, sku, what)
	id := p["id"].(string)
	name := "Renamed " + what
	answer := s.must(t, "admin", "ProductService/UpdateProduct", object{"product": object{
		"id": id, "etag": p["etag"], "name": name, "price": object{"amount": "2.50"}, "tags": []string{what},
	}})
	shop.products[id] = answer["product"].(object)
	shop.names = append(shop.names, name)

	gone := shop.create(t, s, sku+"-gone", what)["id"].(string)
	s.must(t, "admin", "ProductService/DeleteProduct", object{"id": gone})
	s.must(t, "admin", "ProductService/UndeleteProduct", object{"id": gone})
	deleted := s.must(t, "admin", "ProductService/DeleteProduct", object{"id": gone})
	shop.products[gone] = deleted["product"].(object)

	for i, p := range protocols() {
		found, err := s.do(t, p, "", "ProductService/GetProduct", []object{{"id": id}, {"sku": sku}}[i%2])
		require.NoError(t, err, p.name)
		require.NoError(t, match("", shop.products[id], found["product"]))
		shop.views[id]++
	}
	for _, request := range []object{
		{"filter": fmt.Sprintf("brand = %q", what)},
		{"query": name},
		{"filter": fmt.Sprintf("tags:%q", what), "orderBy": "price desc", "pageSize": 1},
	} {
		found := s.must(t, "", "ProductService/ListProducts", request)
		require.NoError(t, match("", []any{shop.products[id]}, found["products"]), "%v", request)
	}
	history := s.must(t, "admin", "ProductService/ListProductChanges", object{"productId": gone})
	require.Len(t, history["changes"], 4)
}

// create creates a product.
func (shop *shop) create(t *testing.T, s *server, sku, brand string) object {
	t.Helper()
	p := product(sku)
	p["brand"] = brand
	created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": p})["product"].(object)
	shop.products[created["id"].(string)] = created
	return created
}

// workTogether lets two releases serve one database at once, as a rollout does: each must know what the
// other one does.
func (shop *shop) workTogether(t *testing.T, before, now *server) {
	t.Helper()
	for i, pair := range [][2]*server{{before, now}, {now, before}} {
		here, there := pair[0], pair[1]
		session := here.must(t, "", "AuthService/SignIn", object{"email": accounts[1].email, "password": accounts[1].password})
		there.tokens["second"] = session["accessToken"].(string)
		who := there.must(t, "second", "AuthService/GetCurrentAdmin", nil)
		require.NoError(t, match("", object{"admin": object{"email": accounts[1].email}}, who))
		session = there.must(t, "", "AuthService/RefreshSession", object{"refreshToken": session["refreshToken"]})
		here.must(t, "", "AuthService/RefreshSession", object{"refreshToken": session["refreshToken"]})

		shop.work(t, here, fmt.Sprintf("together %d", i))
		created := shop.create(t, here, fmt.Sprintf("shared-%d", i), "Together")
		id := created["id"].(string)
		require.NoError(t, match("", created, shop.read(t, there, id))) // and now it may keep it
		for n := range 3 {
			name := fmt.Sprintf("Name %d.%d", i, n)
			changed := here.must(t, "admin", "ProductService/UpdateProduct",
				object{"product": object{"id": id, "name": name, "etag": shop.products[id]["etag"]}})
			shop.products[id], shop.names = changed["product"].(object), append(shop.names, name)
			shop.requireSeen(t, there, id)
		}
		changed := there.must(t, "admin", "ProductService/UpdateProduct",
			object{"product": object{"id": id, "brand": "Both", "etag": shop.products[id]["etag"]}})
		shop.products[id] = changed["product"].(object)
		shop.requireSeen(t, here, id)
	}
}

// requireSeen reads a product until a change that was just confirmed by another process is seen. Who asks
// longer than db.StaleBound after it must see it.
func (shop *shop) requireSeen(t *testing.T, s *server, id string) {
	t.Helper()
	confirmed := time.Now()
	for {
		asked := time.Since(confirmed)
		if shop.read(t, s, id)["etag"] == shop.products[id]["etag"] {
			return
		}
		require.Less(t, asked, db.StaleBound)
	}
}

// read reads a product as a visitor.
func (shop *shop) read(t *testing.T, s *server, id string) object {
	t.Helper()
	found := s.must(t, "", "ProductService/GetProduct", object{"id": id})
	shop.views[id]++
	return found["product"].(object)
}

// requireEverything waits until a server knows all that the catalog has been told: the session, products,
// history, mails and views.
func (shop *shop) requireEverything(t *testing.T, s *server) {
	t.Helper()
	shop.keep(s, s.must(t, "", "AuthService/RefreshSession", object{"refreshToken": shop.refresh}))
	for id, want := range shop.products {
		got := s.must(t, "admin", "ProductService/GetProduct", object{"id": id})
		require.NoError(t, match("", want, got["product"]))
		wait.For(t, func() bool { return s.views(t, id) == shop.views[id] }, "%d views of %s", shop.views[id], want["sku"])
	}
	requireEveryChangeDelivered(t, s, shop.names)
	requireLetters(t, s)
}
