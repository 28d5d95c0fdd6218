package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/wait"
)

// signInAda returns Ada's access token.
func signInAda(t *testing.T, c *catalog) string {
	t.Helper()
	status, _, body := do(t, http.MethodPost, c.URL()+"/catalog.v1.AuthService/SignIn",
		`{"email":"ada@example.com","password":"`+password+`"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, body)
	var answer struct {
		AccessToken string `json:"accessToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	return answer.AccessToken
}

// createAs creates a product with a long description.
func createAs(t *testing.T, c *catalog, token, sku string) (status int, header http.Header, body string) {
	t.Helper()
	return do(t, http.MethodPost, c.URL()+"/catalog.v1.ProductService/CreateProduct",
		fmt.Sprintf(`{"product":{"sku":%q,"name":"N","brand":"B","price":{"amount":"1","currencyCode":"USD"},"description":%q}}`,
			sku, strings.Repeat("x", 9_000)),
		"Content-Type", "application/json", "Authorization", "Bearer "+token)
}

func TestFullDiskOfSQLite(t *testing.T) {
	c := withAda(t, settings(t))
	token := signInAda(t, c)
	create := func(sku string) (status int, header http.Header, body string) {
		t.Helper()
		return createAs(t, c, token, sku)
	}
	limit := func(pages int) {
		t.Helper()
		_, err := c.Database().SQL().ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		require.NoError(t, err)
	}
	limit(1) // SQLite takes the present size for it
	status, header, body := 0, http.Header(nil), ""
	for i := 0; i < 100 && status != http.StatusServiceUnavailable; i++ {
		status, header, body = create(fmt.Sprintf("FULL-%d", i)) // free pages may take some
	}
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.Contains(t, body, "STORAGE_FULL")
	require.Equal(t, "60", header.Get("Retry-After"))
	status, _, body = get(t, c.URL()+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "the disk is full or fails: nothing can be written\n", body)
	status, _, _ = get(t, c.URL()+"/catalog.v1.ProductService/ListProducts?encoding=json&message=%7B%7D")
	require.Equal(t, http.StatusOK, status, "reads still work")

	limit(1 << 30)
	wait.For(t, func() bool {
		status, _, _ := get(t, c.URL()+"/readyz") // which tries to write now and then
		return status == http.StatusOK
	})
	status, _, body = create("AFTER")
	require.Equal(t, http.StatusOK, status, body)
}

func TestDamagedFileOfSQLite(t *testing.T) {
	cfg := settings(t)
	cfg.CacheBytes = 0
	c := withAda(t, cfg)
	status, _, body := createAs(t, c, signInAda(t, c), "LAMP")
	require.Equal(t, http.StatusOK, status, body)
	var page, size int64
	sql := c.Database().SQL()
	require.NoError(t, sql.QueryRowContext(t.Context(), "SELECT rootpage FROM sqlite_master WHERE name = 'products'").Scan(&page))
	require.NoError(t, sql.QueryRowContext(t.Context(), "PRAGMA page_size").Scan(&size))
	c.stop(t)

	file, err := os.OpenFile(filepath.Join(cfg.DataDir, "catalog.db"), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte(strings.Repeat("\xff", int(size))), (page-1)*size)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	c = boot(t, cfg)
	status, _, body = get(t, c.URL()+"/catalog.v1.ProductService/ListProducts?encoding=json&message=%7B%7D")
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.Contains(t, body, "STORAGE_DAMAGED")
	status, _, body = get(t, c.URL()+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "the database file is damaged: restore a backup\n", body)
}
