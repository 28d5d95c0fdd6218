package importer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/fault"
)

// fakeCatalog is an in-memory catalog that rejects the brand "refused".
type fakeCatalog struct {
	catalogv1connect.UnimplementedProductServiceHandler
	catalogv1connect.UnimplementedAuthServiceHandler

	mu       sync.Mutex
	products map[string]*catalogv1.Product // by SKU
	lookUps  int                           // calls of BatchGetProducts
	named    int                           // maximum of missing SKUs in an error; 0 is unlimited
	writes   int                           // successful writes
	limit    int                           // maximum of requests in a batch; 0 is unlimited
	lose     int                           // number of responses to writes to lose
	session  int                           // the valid access token; 0 accepts anonymous calls
	retired  bool                          // tokens fail because their key was retired, not because they expired
	ended    bool
}

// serve starts the catalog and returns its address.
func (f *fakeCatalog) serve(t *testing.T) string {
	t.Helper()
	if f.products == nil {
		f.products = map[string]*catalogv1.Product{}
	}
	mux := http.NewServeMux()
	mux.Handle(catalogv1connect.NewProductServiceHandler(f, connect.WithInterceptors(connect.UnaryInterceptorFunc(f.authorize))))
	mux.Handle(catalogv1connect.NewAuthServiceHandler(f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (f *fakeCatalog) authorize(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.session > 0 && req.Header().Get("Authorization") != fmt.Sprintf("Bearer access-%d", f.session) {
			if f.retired {
				return nil, refusal(connect.CodeUnauthenticated, fault.TokenInvalid, nil)
			}
			return nil, refusal(connect.CodeUnauthenticated, fault.TokenExpired, nil)
		}
		return next(ctx, req)
	}
}

func refusal(code connect.Code, reason fault.Reason, metadata map[string]string, violations ...string) error {
	err := connect.NewError(code, errors.New(string(reason)))
	details := []proto.Message{&errdetails.ErrorInfo{Reason: string(reason), Domain: fault.Domain, Metadata: metadata}}
	bad := &errdetails.BadRequest{}
	for _, field := range violations {
		bad.FieldViolations = append(bad.FieldViolations,
			&errdetails.BadRequest_FieldViolation{Field: field, Description: "is refused"})
	}
	for _, detail := range append(details, bad) {
		d, detailErr := connect.NewErrorDetail(detail)
		if detailErr != nil {
			return detailErr
		}
		err.AddDetail(d)
	}
	return err
}

func (f *fakeCatalog) SignIn(context.Context, *catalogv1.SignInRequest) (*catalogv1.SignInResponse, error) {
	f.session = 1
	return &catalogv1.SignInResponse{AccessToken: "access-1", RefreshToken: "refresh-1"}, nil
}

func (f *fakeCatalog) RefreshSession(
	_ context.Context, req *catalogv1.RefreshSessionRequest,
) (*catalogv1.RefreshSessionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if req.GetRefreshToken() != fmt.Sprintf("refresh-%d", f.session-1) {
		return nil, refusal(connect.CodeUnauthenticated, fault.RefreshTokenReused, nil)
	}
	return &catalogv1.RefreshSessionResponse{
		AccessToken: fmt.Sprintf("access-%d", f.session), RefreshToken: fmt.Sprintf("refresh-%d", f.session),
	}, nil
}

func (f *fakeCatalog) SignOut(context.Context, *catalogv1.SignOutRequest) (*catalogv1.SignOutResponse, error) {
	f.ended = true
	return &catalogv1.SignOutResponse{}, nil
}

func (f *fakeCatalog) BatchGetProducts(
	_ context.Context, req *catalogv1.BatchGetProductsRequest,
) (*catalogv1.BatchGetProductsResponse, error) {
	f.lookUps++
	resp, missing := &catalogv1.BatchGetProductsResponse{}, []string{}
	for _, sku := range req.GetSkus() {
		if p, ok := f.products[sku]; ok {
			resp.Products = append(resp.Products, p)
		} else {
			missing = append(missing, sku)
		}
	}
	if len(missing) == 0 {
		return resp, nil
	}
	count := len(missing)
	if f.named > 0 {
		missing = missing[:min(f.named, count)]
	}
	list, err := json.Marshal(missing)
	if err != nil {
		return nil, err
	}
	return nil, refusal(connect.CodeNotFound, fault.ProductNotFound,
		map[string]string{"missing_skus": string(list), "missing_count": strconv.Itoa(count)})
}

func (f *fakeCatalog) ListProducts(
	_ context.Context, req *catalogv1.ListProductsRequest,
) (*catalogv1.ListProductsResponse, error) {
	skus := slices.Sorted(maps.Keys(f.products))
	skus = slices.DeleteFunc(skus, func(sku string) bool { return sku <= req.GetPageToken() })
	resp := &catalogv1.ListProductsResponse{}
	if len(skus) > 2 {
		skus = skus[:2]
		resp.NextPageToken = skus[1]
	}
	for _, sku := range skus {
		resp.Products = append(resp.Products, f.products[sku])
	}
	return resp, nil
}

func (f *fakeCatalog) BatchCreateProducts(
	_ context.Context, req *catalogv1.BatchCreateProductsRequest,
) (*catalogv1.BatchCreateProductsResponse, error) {
	list := make([]*catalogv1.Product, len(req.GetRequests()))
	for i, r := range req.GetRequests() {
		list[i] = r.GetProduct()
		if f.products[list[i].GetSku()] != nil {
			return nil, refusal(connect.CodeAlreadyExists, fault.SKUTaken, nil)
		}
	}
	return &catalogv1.BatchCreateProductsResponse{}, f.write(list)
}

func (f *fakeCatalog) BatchUpdateProducts(
	_ context.Context, req *catalogv1.BatchUpdateProductsRequest,
) (*catalogv1.BatchUpdateProductsResponse, error) {
	list := make([]*catalogv1.Product, len(req.GetRequests()))
	for i, r := range req.GetRequests() {
		for _, now := range f.products {
			if now.GetId() == r.GetProduct().GetId() {
				list[i] = merge(now, r)
			}
		}
		if list[i] == nil {
			return nil, refusal(connect.CodeNotFound, fault.ProductNotFound, nil)
		}
	}
	return &catalogv1.BatchUpdateProductsResponse{}, f.write(list)
}

// merge returns a product with the fields of an update's mask applied.
func merge(now *catalogv1.Product, update *catalogv1.UpdateProductRequest) *catalogv1.Product {
	merged := proto.CloneOf(now)
	from, to := update.GetProduct().ProtoReflect(), merged.ProtoReflect()
	for _, path := range update.GetUpdateMask().GetPaths() {
		field := to.Descriptor().Fields().ByTextName(path)
		to.Clear(field)
		if from.Has(field) {
			to.Set(field, from.Get(field))
		}
	}
	return merged
}

// write stores products, all or none.
func (f *fakeCatalog) write(list []*catalogv1.Product) error {
	if f.limit > 0 && len(list) > f.limit {
		return refusal(connect.CodeResourceExhausted, fault.RequestTooLarge, nil)
	}
	var bad []string
	for i, p := range list {
		if p.GetBrand() == "refused" {
			bad = append(bad, fmt.Sprintf("requests[%d].product.brand", i))
		}
		if strings.HasPrefix(p.GetName(), "mystery") {
			return refusal(connect.CodeInvalidArgument, fault.FieldInvalid, nil)
		}
	}
	if len(bad) > 0 {
		return refusal(connect.CodeInvalidArgument, fault.FieldInvalid, nil, bad...)
	}
	for _, p := range list {
		p = proto.CloneOf(p)
		if p.GetId() == "" {
			p.Id = uuid.NewString()
		}
		f.products[p.GetSku()] = p
	}
	f.writes++
	if f.lose > 0 {
		f.lose--
		return refusal(connect.CodeUnavailable, fault.ShuttingDown, nil)
	}
	return nil
}

func (f *fakeCatalog) product(t *testing.T, sku string) *catalogv1.Product {
	t.Helper()
	require.Contains(t, f.products, sku)
	return f.products[sku]
}
