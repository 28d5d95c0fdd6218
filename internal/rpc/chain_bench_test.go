package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
)

// BenchmarkChain measures a unary call through everything that stands before a service.
func BenchmarkChain(b *testing.B) {
	chain := Chain{
		MaxRequestBytes: 1 << 20,
		Authenticate:    func(context.Context, string) (auth.Principal, error) { return auth.Principal{}, nil },
	}
	_, service := catalogv1connect.NewProductServiceHandler(shelf{}, chain.HandlerOptions()...)
	handler := Observer{Log: slog.New(slog.DiscardHandler), Timeout: time.Minute}.Wrap(Transport(1<<20, service))
	for _, c := range []struct{ name, contentType, message, token string }{
		{"json", "application/json", `{"sku":"MAT-1"}`, ""},
		{"proto", "application/proto", "\x12\x05MAT-1", ""},
		{"grpc", "application/grpc", "\x00\x00\x00\x00\x07\x12\x05MAT-1", ""},
		{"json/with token", "application/json", `{"sku":"MAT-1"}`, "Bearer good"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost,
					"/catalog.v1.ProductService/GetProduct", strings.NewReader(c.message))
				r.Header.Set("Content-Type", c.contentType)
				if c.token != "" {
					r.Header.Set("Authorization", c.token)
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
