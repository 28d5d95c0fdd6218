package rpc

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// shelf serves products from memory.
type shelf struct {
	catalogv1connect.UnimplementedProductServiceHandler
}

func (shelf) GetProduct(context.Context, *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	return &catalogv1.GetProductResponse{Product: mattress}, nil
}

func (shelf) ListProducts(context.Context, *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	resp := &catalogv1.ListProductsResponse{}
	for range 50 {
		resp.Products = append(resp.Products, mattress)
	}
	return resp, nil
}

var mattress = &catalogv1.Product{
	Id: "0190a6b0-0000-7000-8000-000000000001", Sku: "MAT-1", Name: "Matelas Crème", Brand: "Luuna", Etag: "7",
	Price:       &catalogv1.Money{Amount: "8999.00", CurrencyCode: "MXN"},
	Description: strings.Repeat("Three layers of foam. ", 10),
	ImageUrls:   []string{"https://img.example.com/mat-1/front.jpg", "https://img.example.com/mat-1/side.jpg"},
	Tags:        []string{"foam", "queen", "sale"},
	Attributes:  map[string]string{"colour": "white", "height": "28 cm", "firmness": "medium"},
	CreateTime:  timestamppb.New(time.Unix(1_764_000_000, 0)), UpdateTime: timestamppb.New(time.Unix(1_764_000_000, 0)),
}

// BenchmarkCaching measures a GET in Connect alone, with its entity tag, and with a matching If-None-Match.
func BenchmarkCaching(b *testing.B) {
	_, bare := catalogv1connect.NewProductServiceHandler(shelf{}, Codecs(1<<20)...)
	_, tagged := catalogv1connect.NewProductServiceHandler(shelf{}, append(Codecs(1<<20), connect.WithInterceptors(caching(0)))...)
	for _, c := range []struct{ method, encoding, message, accepted string }{
		{"GetProduct", "json", `{"sku":"MAT-1"}`, ""},
		{"GetProduct", "proto", "\x12\x05MAT-1", ""},
		{"ListProducts", "json", `{}`, ""},
		{"ListProducts", "json", `{}`, "gzip"},
	} {
		path := "/catalog.v1.ProductService/" + c.method + "?" +
			url.Values{"encoding": {c.encoding}, "message": {c.message}}.Encode()
		ask := func(h http.Handler, tag string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, http.NoBody)
			r.Header.Set("Accept-Encoding", c.accepted)
			r.Header.Set("If-None-Match", tag)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		tag := ask(tagged, "").Header().Get("ETag")
		for _, way := range []struct {
			name    string
			handler http.Handler
			tag     string
			status  int
		}{{"bare", bare, "", 200}, {"tagged", tagged, "", 200}, {"unchanged", tagged, tag, 304}} {
			b.Run(fmt.Sprintf("%s/%s%s/%s", c.method, c.encoding, c.accepted, way.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if w := ask(way.handler, way.tag); w.Code != way.status {
						b.Fatal(w.Code)
					}
				}
			})
		}
	}
}
