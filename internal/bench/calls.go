package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/importer"
)

// requestTimeout bounds every request.
const requestTimeout = 30 * time.Second

// newHTTP1 returns a client that keeps a connection for each caller.
func newHTTP1() *http.Client {
	return &http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: callers, DisableCompression: true},
	}
}

// newHTTP2 returns a client that speaks HTTP/2 without TLS.
func newHTTP2() *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Timeout: requestTimeout, Transport: transport}
}

// fetch sends a request and reads the whole answer, without decoding it.
func fetch(client *http.Client, req *http.Request) error {
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("fetch: status %d: %s", res.StatusCode, body)
	}
	return nil
}

// post returns a call of an RPC as a plain JSON POST, with the bodies in turn.
func post(srv *server, procedure string, bodies []string) call {
	client := newHTTP1()
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		body := bodies[int(next.Add(1))%len(bodies)]
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.url+procedure, strings.NewReader(body))
		if err != nil {
			return fmt.Errorf("post: %w", err)
		}
		req.Header.Set("Content-Type", "application/json")
		return fetch(client, req)
	}
}

// get returns a call of GetProduct as a Connect GET.
func get(srv *server, ids []string) call {
	client := newHTTP1()
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		message := `{"id":"` + ids[int(next.Add(1))%len(ids)] + `"}`
		address := srv.url + catalogv1connect.ProductServiceGetProductProcedure +
			"?connect=v1&encoding=json&message=" + url.QueryEscape(message)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return fmt.Errorf("get: %w", err)
		}
		return fetch(client, req)
	}
}

// typed returns a call of GetProduct through a generated client.
func typed(client catalogv1connect.ProductServiceClient, ids []string) call {
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		_, err := client.GetProduct(ctx, &catalogv1.GetProductRequest{
			Key: &catalogv1.GetProductRequest_Id{Id: ids[int(next.Add(1))%len(ids)]},
		})
		return err
	}
}

// getProduct returns the ways to call GetProduct, by name.
func getProduct(srv *server, ids []string) []namedCall {
	bodies := make([]string, len(ids))
	for i, id := range ids {
		bodies[i] = `{"id":"` + id + `"}`
	}
	return []namedCall{
		{"JSON POST", post(srv, catalogv1connect.ProductServiceGetProductProcedure, bodies)},
		{"JSON GET", get(srv, ids)},
		{"proto POST", typed(catalogv1connect.NewProductServiceClient(newHTTP1(), srv.url), ids)},
		{"gRPC", typed(catalogv1connect.NewProductServiceClient(newHTTP2(), srv.url, connect.WithGRPC()), ids)},
	}
}

type namedCall struct {
	name string
	call call
}

// update returns a call of UpdateProduct that gives a product a new price each time.
func update(client catalogv1connect.ProductServiceClient, ids []string) call {
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		n := int(next.Add(1))
		_, err := client.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{
			Id:    ids[n%len(ids)],
			Price: &catalogv1.Money{Amount: strconv.Itoa(2000 + n), CurrencyCode: "MXN"},
		}})
		return err
	}
}

// plainUpdate returns a call of the update without hook, history and job.
func plainUpdate(srv *server, ids []string) call {
	client := newHTTP1()
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		address := srv.side + "/update?id=" + ids[int(next.Add(1))%len(ids)]
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, http.NoBody)
		if err != nil {
			return fmt.Errorf("update: %w", err)
		}
		return fetch(client, req)
	}
}

// signIn returns an HTTP client that acts for the administrator.
func signIn(ctx context.Context, srv *server) (*http.Client, error) {
	client := newHTTP1()
	res, err := catalogv1connect.NewAuthServiceClient(client, srv.url).
		SignIn(ctx, &catalogv1.SignInRequest{Email: adminEmail, Password: adminPassword})
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	client.Transport = bearer{token: res.GetAccessToken(), next: client.Transport}
	return client, nil
}

// bearer puts a token into every request.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip sends the request with the token.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

// importCatalog imports the made-up catalog from a file, as `catalog import` does, and returns how
// long that took.
func importCatalog(ctx context.Context, client catalogv1connect.ProductServiceClient) (time.Duration, error) {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"sku", "name", "brand", "price", "currency", "description", "tags"}}
	for i := range catalogSize {
		p := newProduct(i)
		rows = append(rows, []string{
			p.GetSku(), p.GetName(), p.GetBrand(), p.GetPrice().GetAmount(), p.GetPrice().GetCurrencyCode(),
			p.GetDescription(), strings.Join(p.GetTags(), ","),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return 0, fmt.Errorf("write rows: %w", err)
	}
	start := time.Now()
	parsed, err := importer.Parse(&file, "MXN")
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	result, err := (&importer.Import{Products: client}).Run(ctx, parsed)
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	if result.Created != catalogSize {
		return 0, fmt.Errorf("import: created %d of %d: %v", result.Created, catalogSize, result.Problems)
	}
	return time.Since(start), nil
}

// listIDs returns the ids of all products.
func listIDs(ctx context.Context, client catalogv1connect.ProductServiceClient) ([]string, error) {
	var ids []string
	for token := ""; ; {
		res, err := client.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		for _, p := range res.GetProducts() {
			ids = append(ids, p.GetId())
		}
		if token = res.GetNextPageToken(); token == "" {
			return ids, nil
		}
	}
}
