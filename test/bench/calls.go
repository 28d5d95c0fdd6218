package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
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
func post(base, procedure string, bodies []string) call {
	client := newHTTP1()
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		body := bodies[int(next.Add(1))%len(bodies)]
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+procedure, strings.NewReader(body))
		if err != nil {
			return fmt.Errorf("post: %w", err)
		}
		req.Header.Set("Content-Type", "application/json")
		return fetch(client, req)
	}
}

// get returns a call of GetProduct as a Connect GET.
func get(base string, ids []string) call {
	client := newHTTP1()
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		message := `{"id":"` + ids[int(next.Add(1))%len(ids)] + `"}`
		address := base + catalogv1connect.ProductServiceGetProductProcedure +
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
func getProduct(base string, ids []string) []namedCall {
	return []namedCall{
		{"JSON POST", post(base, catalogv1connect.ProductServiceGetProductProcedure, keys("id", ids))},
		{"JSON GET", get(base, ids)},
		{"proto POST", typed(catalogv1connect.NewProductServiceClient(newHTTP1(), base), ids)},
		{"gRPC", typed(catalogv1connect.NewProductServiceClient(newHTTP2(), base, connect.WithGRPC()), ids)},
	}
}

// keys returns the requests of GetProduct for products with the given ids or SKUs.
func keys(field string, values []string) []string {
	bodies := make([]string, len(values))
	for i, value := range values {
		bodies[i] = `{"` + field + `":"` + value + `"}`
	}
	return bodies
}

type namedCall struct {
	name string
	call call
}

// update returns a call of UpdateProduct that changes a product, which change is given with the number of
// the call.
func update(
	client catalogv1connect.ProductServiceClient, ids []string, change func(p *catalogv1.Product, n int),
) call {
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		n := int(next.Add(1))
		p := &catalogv1.Product{Id: ids[n%len(ids)]}
		change(p, n)
		_, err := client.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: p})
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
func signIn(ctx context.Context, base string) (*http.Client, error) {
	client := newHTTP1()
	b := &bearer{auth: catalogv1connect.NewAuthServiceClient(newHTTP1(), base), next: client.Transport}
	client.Transport = b
	_, err := b.current(ctx)
	return client, err
}

// tokenAge is for how long a token is used: less than it is valid, and longer than a run.
const tokenAge = 5 * time.Minute

// bearer puts a token into every request.
type bearer struct {
	auth catalogv1connect.AuthServiceClient
	next http.RoundTripper

	mu     sync.Mutex
	token  string
	signed time.Time
}

// current returns a token that is valid for a while.
func (b *bearer) current(ctx context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.signed) < tokenAge {
		return b.token, nil
	}
	res, err := b.auth.SignIn(ctx, &catalogv1.SignInRequest{Email: adminEmail, Password: adminPassword})
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	b.token, b.signed = res.GetAccessToken(), time.Now()
	return b.token, nil
}

// RoundTrip sends the request with the token.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := b.current(req.Context())
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(req)
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
