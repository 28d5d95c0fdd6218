package tracking_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/clock"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/decay"
	"github.com/zebrands/catalog/internal/tracking"
	"github.com/zebrands/catalog/test/dbtest"
)

var (
	lamp = uuid.Must(uuid.NewV7())
	sofa = uuid.Must(uuid.NewV7())
)

// shop answers every read with a lamp, and a sofa if there can be two.
type shop struct {
	catalogv1connect.UnimplementedProductServiceHandler
}

func (shop) GetProduct(
	_ context.Context, req *catalogv1.GetProductRequest,
) (*catalogv1.GetProductResponse, error) {
	if req.GetSku() == "missing" {
		return nil, connect.NewError(connect.CodeNotFound, nil)
	}
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Id: lamp.String()}}, nil
}

func (shop) BatchGetProducts(
	context.Context, *catalogv1.BatchGetProductsRequest,
) (*catalogv1.BatchGetProductsResponse, error) {
	asked := append(both(), both()...) // each twice
	return &catalogv1.BatchGetProductsResponse{Products: asked}, nil
}

func (shop) ListProducts(
	context.Context, *catalogv1.ListProductsRequest,
) (*catalogv1.ListProductsResponse, error) {
	return &catalogv1.ListProductsResponse{Products: both()}, nil
}

func (shop) ListTrendingProducts(
	context.Context, *catalogv1.ListTrendingProductsRequest,
) (*catalogv1.ListTrendingProductsResponse, error) {
	return &catalogv1.ListTrendingProductsResponse{Products: both()}, nil
}

func (shop) ListRelatedProducts(
	context.Context, *catalogv1.ListRelatedProductsRequest,
) (*catalogv1.ListRelatedProductsResponse, error) {
	resp := &catalogv1.ListRelatedProductsResponse{}
	for _, p := range both() {
		resp.Entries = append(resp.Entries, &catalogv1.ListRelatedProductsResponse_Entry{Product: p})
	}
	return resp, nil
}

func (shop) CreateProduct(
	context.Context, *catalogv1.CreateProductRequest,
) (*catalogv1.CreateProductResponse, error) {
	return &catalogv1.CreateProductResponse{Product: &catalogv1.Product{Id: lamp.String()}}, nil
}

func both() []*catalogv1.Product {
	return []*catalogv1.Product{{Id: lamp.String()}, {Id: sofa.String()}}
}

// openShop serves a shop whose reads are counted in a journal.
func openShop(t *testing.T, j *tracking.Journal, log *slog.Logger, ctx func(context.Context) context.Context) string {
	t.Helper()
	interceptor, err := tracking.NewInterceptor(j, clock.Machine(), log)
	require.NoError(t, err)
	return serveShop(t, interceptor, ctx)
}

func serveShop(t *testing.T, interceptor *tracking.Interceptor, ctx func(context.Context) context.Context) string {
	t.Helper()
	_, handler := catalogv1connect.NewProductServiceHandler(shop{}, connect.WithInterceptors(interceptor))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(ctx(r.Context())))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func anonymous(ctx context.Context) context.Context { return ctx }

func asAdmin(ctx context.Context) context.Context {
	return auth.WithPrincipal(ctx, auth.Principal{AdminID: uuid.Must(uuid.NewV7())})
}

// call makes a call in JSON and returns its status.
func call(t *testing.T, url, method, body, agent string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		url+"/catalog.v1.ProductService/"+method, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", agent)
	resp, err := (&http.Client{}).Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

const (
	browser = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
	robot   = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

func TestSuccessfulAnonymousReadsCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := openJournal(t, t.TempDir())
		url := openShop(t, j, slog.New(slog.DiscardHandler), anonymous)
		for _, agent := range []string{browser, "curl/8.5.0", robot} {
			require.Equal(t, 200, call(t, url, "GetProduct", `{"sku":"lamp"}`, agent))
			require.Equal(t, 200, call(t, url, "BatchGetProducts", `{"skus":["lamp","sofa"]}`, agent))
			require.Equal(t, 200, call(t, url, "ListProducts", `{}`, agent))
			require.Equal(t, 200, call(t, url, "ListTrendingProducts", `{}`, agent))
			require.Equal(t, 200, call(t, url, "ListRelatedProducts", `{}`, agent))
			require.Equal(t, 404, call(t, url, "GetProduct", `{"sku":"missing"}`, agent))
			require.Equal(t, 200, call(t, url, "CreateProduct", `{}`, agent))
			require.Equal(t, 400, call(t, url, "ListProducts", `{`, agent))
		}
		require.NoError(t, tracking.NewRollup(d, j, slog.New(slog.DiscardHandler)).Flush(t.Context()))
		sums := map[uuid.UUID][4]int64{}
		for _, row := range views(t, d) { // two hours, if the clock struck
			s := sums[row.ProductID]
			s[0] += row.Views
			s[1] += row.Impressions
			s[2] += row.BotViews
			s[3] += row.BotImpressions
			sums[row.ProductID] = s
		}
		require.Equal(t, map[uuid.UUID][4]int64{lamp: {4, 6, 2, 3}, sofa: {2, 6, 1, 3}}, sums)
	})
}

func TestWaysOfAnonymousReadersCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		from := dbtest.CreateProduct(t, d, "from", "")
		j := openJournal(t, t.TempDir())
		url := openShop(t, j, slog.New(slog.DiscardHandler), anonymous)
		come := func(from, agent string) {
			require.Equal(t, 200, call(t, url, "GetProduct", `{"sku":"lamp","fromProductId":"`+from+`"}`, agent))
		}
		come(from.String(), browser)
		come(from.String(), robot)
		come(lamp.String(), browser)    // itself
		come(uuid.NewString(), browser) // unknown
		come(strings.ToUpper(from.String()), browser)
		come(from.String(), browser) // more than one network contributes in an hour, unless the clock strikes
		require.NoError(t, tracking.NewRollup(d, j, slog.New(slog.DiscardHandler)).Flush(t.Context()))
		move, err := d.Reader().ProductTransition.Query().Only(t.Context())
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{from, lamp}, []uuid.UUID{move.FromID, move.ToID})
		require.InDelta(t, 2.5, decay.Related.Now(move.Weight, d.Now()), 0.6)
		require.EqualValues(t, 5, totalViews(t, d), "each is a view")
	})
}

func TestSpeculativeLoadsDoNotCount(t *testing.T) {
	dir := t.TempDir()
	url := openShop(t, openJournal(t, dir), slog.New(slog.DiscardHandler), anonymous)
	read := func(name, value string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			url+"/catalog.v1.ProductService/GetProduct", strings.NewReader(`{"sku":"lamp"}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(name, value)
		resp, err := (&http.Client{}).Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	for _, header := range [][2]string{
		{"Sec-Purpose", "prefetch"},
		{"Sec-Purpose", "prefetch;prerender"},
		{"Sec-Purpose", "prefetch; anonymous-client-ip"},
		{"Purpose", "prefetch"},
		{"X-Moz", "prefetch"},
	} {
		read(header[0], header[1])
		require.Empty(t, files(t, dir, "*"), "%v", header)
	}
	read("Sec-Purpose", "another")
	require.NotEmpty(t, files(t, dir, "*"))
}

func TestAdministratorsReadsDoNotCount(t *testing.T) {
	dir := t.TempDir()
	url := openShop(t, openJournal(t, dir), slog.New(slog.DiscardHandler), asAdmin)
	require.Equal(t, 200, call(t, url, "GetProduct", `{"sku":"lamp"}`, browser))
	require.Equal(t, 200, call(t, url, "ListProducts", `{}`, browser))
	require.Empty(t, files(t, dir, "*"))
}

func TestReadIsAnsweredThoughItCannotBeCounted(t *testing.T) {
	var logged bytes.Buffer
	j := openJournal(t, t.TempDir())
	require.NoError(t, j.Close())
	url := openShop(t, j, slog.New(slog.NewTextHandler(&logged, nil)), anonymous)
	for range 20 {
		require.Equal(t, 200, call(t, url, "GetProduct", `{"sku":"lamp"}`, browser))
	}
	require.Equal(t, 1, strings.Count(logged.String(), "not counted"), "at most once in ten seconds")
}
