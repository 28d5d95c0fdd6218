package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
)

// racers is how many callers do the same at once.
const racers = 8

// race calls do with 0 to racers-1 at once and counts what the calls answered.
func race(do func(i int) error) map[connect.Code]int {
	errs := make([]error, racers)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range racers {
		done.Go(func() {
			start.Wait()
			errs[i] = do(i)
		})
	}
	start.Done()
	done.Wait()
	counts := map[connect.Code]int{}
	for _, err := range errs {
		counts[code(err)]++
	}
	return counts
}

func TestRaces(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := newServer(t, dialect, 1)
			s.token(t, "admin") // before the race
			t.Run("creates of one SKU", func(t *testing.T) { raceCreates(t, s) })
			t.Run("updates of one version", func(t *testing.T) { raceUpdates(t, s) })
			t.Run("batches in opposite order", func(t *testing.T) { raceBatches(t, s) })
			t.Run("one refresh token", func(t *testing.T) { raceRefresh(t, s) })
			t.Run("deletes of the last administrators", func(t *testing.T) { raceDeletes(t, s) })
		})
	}
}

func product(sku string) object {
	return object{"sku": sku, "name": "N", "brand": "B", "price": object{"amount": "1", "currencyCode": "USD"}}
}

func raceCreates(t *testing.T, s *server) {
	t.Helper()
	counts := race(func(i int) error {
		_, err := s.do(t, protocols()[i%len(protocols())], "admin", "ProductService/CreateProduct",
			object{"product": product("raced")})
		return err
	})
	require.Equal(t, map[connect.Code]int{0: 1, connect.CodeAlreadyExists: racers - 1}, counts)
	changes := s.must(t, "admin", "ProductService/ListProductChanges", nil)
	require.Len(t, changes["changes"], 1)
}

func raceUpdates(t *testing.T, s *server) {
	t.Helper()
	created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product("updated")})
	id, etag := created["product"].(object)["id"], created["product"].(object)["etag"]
	counts := race(func(i int) error {
		_, err := s.do(t, protocols()[i%len(protocols())], "admin", "ProductService/UpdateProduct",
			object{"product": object{"id": id, "etag": etag, "name": fmt.Sprint("by ", i)}})
		return err
	})
	require.Equal(t, map[connect.Code]int{0: 1, connect.CodeAborted: racers - 1}, counts)
	changes := s.must(t, "admin", "ProductService/ListProductChanges", object{"productId": id})
	require.Len(t, changes["changes"], 2, "created, and updated once")
}

// raceBatches updates the same two products in both orders. Without an etag each must succeed: the
// database must not be left to break a deadlock at the caller's cost.
func raceBatches(t *testing.T, s *server) {
	t.Helper()
	ids := make([]any, 2)
	for i := range ids {
		created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product(fmt.Sprint("batch", i))})
		ids[i] = created["product"].(object)["id"]
	}
	counts := race(func(i int) error {
		var requests []object
		for n := range ids {
			requests = append(requests, object{"product": object{"id": ids[(n+i)%2], "name": fmt.Sprint("by ", i)}})
		}
		_, err := s.do(t, protocols()[0], "admin", "ProductService/BatchUpdateProducts", object{"requests": requests})
		return err
	})
	require.Equal(t, map[connect.Code]int{0: racers}, counts)
	both := s.must(t, "", "ProductService/BatchGetProducts", object{"ids": ids})["products"].([]any)
	require.Equal(t, both[0].(object)["name"], both[1].(object)["name"], "both from the same batch")
}

func raceRefresh(t *testing.T, s *server) {
	t.Helper()
	pair := s.must(t, "", "AuthService/SignIn", object{"email": accounts[0].email, "password": accounts[0].password})
	refreshed := make([]object, racers)
	counts := race(func(i int) error {
		var err error
		refreshed[i], err = s.do(t, protocols()[i%len(protocols())], "", "AuthService/RefreshSession",
			object{"refreshToken": pair["refreshToken"]})
		return err
	})
	require.Equal(t, map[connect.Code]int{0: racers}, counts)
	for _, each := range refreshed {
		require.Equal(t, refreshed[0]["refreshToken"], each["refreshToken"])
	}
	s.must(t, "", "AuthService/RefreshSession", object{"refreshToken": refreshed[0]["refreshToken"]})
	_, err := s.do(t, protocols()[0], "", "AuthService/RefreshSession", object{"refreshToken": pair["refreshToken"]})
	requireUnauthenticated(t, err, "REFRESH_TOKEN_REUSED")
	requireUnauthenticated(t, callWith(t, protocols()[0], s, "AuthService/GetCurrentAdmin", pair["accessToken"].(string)),
		"SESSION_ENDED")
}

// raceDeletes lets every administrator delete themselves at once: all but one may.
func raceDeletes(t *testing.T, s *server) {
	t.Helper()
	me := s.must(t, "admin", "AuthService/GetCurrentAdmin", nil)["admin"].(object)["id"]
	ids, tokens := []any{me}, []string{s.token(t, "admin")}
	for i := 1; i < racers; i++ {
		email, password := fmt.Sprintf("racer%d@example.com", i), "a long enough password"
		created := s.must(t, "admin", "AdminService/CreateAdmin",
			object{"admin": object{"email": email, "name": "Racer"}, "password": password})
		ids = append(ids, created["admin"].(object)["id"])
		pair := s.must(t, "", "AuthService/SignIn", object{"email": email, "password": password})
		tokens = append(tokens, pair["accessToken"].(string))
	}
	counts := race(func(i int) error {
		header := http.Header{"Authorization": {"Bearer " + tokens[i]}}
		_, err := protocols()[0].call(t.Context(), s, "AdminService/DeleteAdmin", header,
			fmt.Appendf(nil, `{"id": %q}`, ids[i]))
		return err
	})
	require.Equal(t, map[connect.Code]int{0: racers - 1, connect.CodeFailedPrecondition: 1}, counts)
}

// TestDeadline gives a large batch a millisecond, in which it cannot be done: it must change nothing.
func TestDeadline(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := newServer(t, dialect, 1)
			var requests []string
			for i := range 1000 {
				requests = append(requests, fmt.Sprintf(
					`{"product": {"sku": "%d", "name": "N", "brand": "B", "price": {"amount": "1", "currencyCode": "USD"}}}`, i))
			}
			body := `{"requests": [` + strings.Join(requests, ",") + `]}`
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
				s.base+"/catalog.v1.ProductService/BatchCreateProducts", bytes.NewReader([]byte(body)))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Connect-Timeout-Ms", "1")
			req.Header.Set("Authorization", "Bearer "+s.token(t, "admin"))
			resp, err := http1.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
			var b bytes.Buffer
			_, err = b.ReadFrom(resp.Body)
			require.NoError(t, err)
			seen, err := parseConnectError(b.Bytes())
			require.NoError(t, err)
			require.Equal(t, "DEADLINE_EXCEEDED", seen.Reason)
			require.Empty(t, s.must(t, "", "ProductService/ListProducts", nil)["products"])
		})
	}
}
