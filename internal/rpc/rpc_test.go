package rpc_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/internal/telemetry"
	"github.com/zebrands/catalog/test/logs"
)

const (
	limit      = 64 << 10
	goodToken  = "good" // of somebody who signed in long ago
	freshToken = "fresh"
	readKey    = "zck_read"
	writeKey   = "zck_write"
	uselessKey = "zck_useless"
	getProduct = "/catalog.v1.ProductService/GetProduct"
)

var (
	adminID = uuid.MustParse("0190a6b0-0000-7000-8000-000000000001")
	keyID   = uuid.MustParse("0190a6b0-0000-7000-8000-000000000002")
)

// keyAccess is what the keys may do.
var keyAccess = map[string]catalogv1.ApiKey_Access{
	readKey: catalogv1.ApiKey_ACCESS_READ, writeKey: catalogv1.ApiKey_ACCESS_WRITE,
	uselessKey: catalogv1.ApiKey_ACCESS_UNSPECIFIED,
}

// products responds by SKU, according to the table in answer.
type products struct {
	catalogv1connect.UnimplementedProductServiceHandler
}

func (products) GetProduct(
	ctx context.Context, req *catalogv1.GetProductRequest,
) (*catalogv1.GetProductResponse, error) {
	switch req.GetSku() {
	case "missing":
		return nil, fault.New(fault.NotFound, fault.ProductNotFound, "There is no product with SKU %q.", "missing").
			With("sku", "missing").Because(errors.New("secret cause"))
	case "boom":
		panic("kaboom")
	case "broken":
		return nil, errors.New("pq: secret table does not exist")
	case "throttled":
		return nil, fault.New(fault.Throttled, fault.SignInThrottled, "Too many.").After(1500 * time.Millisecond)
	case "slow":
		<-ctx.Done()
		return nil, errors.New("pq: canceling statement due to user request")
	case "unwritable":
		return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Name: "\xff"}}, nil
	case "rich":
		rich := &catalogv1.Product{Sku: "rich", Attributes: map[string]string{}}
		for i := range 40 {
			rich.Attributes[fmt.Sprintf("attribute %d", i)] = strings.Repeat("x", 40)
		}
		return &catalogv1.GetProductResponse{Product: rich}, nil
	}
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Sku: req.GetSku(), Name: "Lamp"}}, nil
}

func (products) ListProductChanges(
	context.Context, *catalogv1.ListProductChangesRequest,
) (*catalogv1.ListProductChangesResponse, error) {
	return &catalogv1.ListProductChangesResponse{}, nil
}

func (products) CreateProduct(
	ctx context.Context, _ *catalogv1.CreateProductRequest,
) (*catalogv1.CreateProductResponse, error) {
	p, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return nil, errors.New("no principal")
	}
	return &catalogv1.CreateProductResponse{Product: &catalogv1.Product{Name: p.Name}}, nil
}

// admins creates whom it is asked to.
type admins struct {
	catalogv1connect.UnimplementedAdminServiceHandler
}

func (admins) CreateAdmin(
	_ context.Context, req *catalogv1.CreateAdminRequest,
) (*catalogv1.CreateAdminResponse, error) {
	return &catalogv1.CreateAdminResponse{Admin: req.GetAdmin()}, nil
}

type server struct {
	*httptest.Server

	log     *logs.Log
	tracked *atomic.Int32
	streams *rpc.Streams
	h2      *http.Client
}

// setup is what differs between servers.
type setup struct {
	instruments *rpc.Instruments
	readMaxAge  time.Duration
	// timeout is that of requests and connections; 0 means 2 s for requests and none for connections.
	timeout time.Duration
	// sendTimeout bounds the writing of a message.
	sendTimeout time.Duration
	// listener wraps the server's, if set.
	listener func(net.Listener) net.Listener
	// authenticated is called before a token is checked, if set, and may fail it.
	authenticated func(token string) error
	// outermost wraps the server's handler, if set.
	outermost func(http.Handler) http.Handler
}

func start(t *testing.T, options ...connect.HandlerOption) server {
	t.Helper()
	return startWith(t, setup{}, options...)
}

func startWith(t *testing.T, with setup, options ...connect.HandlerOption) server {
	t.Helper()
	tracked, streams := &atomic.Int32{}, &rpc.Streams{}
	chain := rpc.Chain{
		Streams:         streams,
		SendTimeout:     cmp.Or(with.sendTimeout, time.Minute),
		MaxRequestBytes: limit,
		ReadMaxAge:      with.readMaxAge,
		Authenticate: func(_ context.Context, token string) (auth.Principal, error) {
			if with.authenticated != nil {
				if err := with.authenticated(token); err != nil {
					return auth.Principal{}, err
				}
			}
			if token == "boom" {
				panic("kaboom")
			}
			if token == freshToken {
				return auth.Principal{AdminID: adminID, Name: "Ada", AuthTime: time.Now()}, nil
			}
			if access, ok := keyAccess[token]; ok {
				return auth.Principal{AdminID: adminID, Name: "erp (key of Ada)", Key: auth.Key{ID: keyID, Access: access}}, nil
			}
			if token != goodToken {
				return auth.Principal{}, fault.New(fault.Unauthenticated, fault.TokenExpired, "Expired.")
			}
			return auth.Principal{AdminID: adminID, Name: "Ada"}, nil
		},
		Track: connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
				tracked.Add(1)
				return next(ctx, req)
			}
		}),
	}
	mux := http.NewServeMux()
	path, handler := catalogv1connect.NewProductServiceHandler(products{}, append(chain.HandlerOptions(), options...)...)
	mux.Handle(path, rpc.Transport(limit, handler))
	path, handler = catalogv1connect.NewAdminServiceHandler(admins{}, append(chain.HandlerOptions(), options...)...)
	mux.Handle(path, rpc.Transport(limit, handler))
	mux.Handle("/", rpc.Transport(limit, rpc.NotFound()))
	mux.HandleFunc("/hook", func(http.ResponseWriter, *http.Request) {})
	log := &logs.Log{}
	observer := rpc.Observer{
		Log:            telemetry.NewLogger(log, slog.LevelInfo, true),
		Instruments:    with.instruments,
		Timeout:        cmp.Or(with.timeout, 2*time.Second),
		Streams:        rpc.StreamPaths([]string{catalogv1connect.ProductServiceName}),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Quiet:          map[string]bool{"/quiet": true},
	}
	whole := observer.Wrap(rpc.NewIntake(limit).Wrap(mux))
	if with.outermost != nil {
		whole = with.outermost(whole)
	}
	s := httptest.NewUnstartedServer(whole)
	s.Config.ReadTimeout, s.Config.WriteTimeout = with.timeout, with.timeout
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	if with.listener != nil {
		s.Listener = with.listener(s.Listener)
	}
	s.Start()
	t.Cleanup(s.Close)
	if transport, ok := s.Client().Transport.(*http.Transport); ok {
		transport.ExpectContinueTimeout = time.Minute // a client with Expect: 100-continue waits for the response
		transport.DisableCompression = true           // tests see the bodies as sent
	}
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	return server{
		Server: s, log: log, tracked: tracked, streams: streams,
		h2: &http.Client{Transport: &http.Transport{Protocols: h2, DisableCompression: true}},
	}
}

// lastLog returns the last line of the access log, once the server is done with the request.
func (s server) lastLog(t *testing.T) map[string]any {
	t.Helper()
	s.Close()
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	var entry map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &entry))
	return entry
}

// answer is a Connect response in JSON as a caller sees it.
type answer struct {
	status  int
	header  http.Header
	body    string
	code    string
	message string
	reason  string
	fields  []string
}

func (s server) do(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	a := answer{status: res.StatusCode, header: res.Header, body: string(raw)}
	if res.StatusCode >= http.StatusBadRequest {
		a.read(t, raw)
	}
	return a
}

func (s server) post(t *testing.T, body string, header ...string) answer {
	t.Helper()
	return s.do(t, http.MethodPost, getProduct, body, append(header, "Content-Type", "application/json")...)
}

func (a *answer) read(t *testing.T, raw []byte) {
	t.Helper()
	var wire struct {
		Code    string
		Message string
		Details []struct {
			Type  string
			Debug struct {
				Reason, Domain  string
				FieldViolations []struct{ Field, Description string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &wire), "%s", raw) //nolint:musttag // the names are the same
	a.code, a.message = wire.Code, wire.Message
	for _, d := range wire.Details {
		if d.Type == "google.rpc.ErrorInfo" {
			require.Equal(t, fault.Domain, d.Debug.Domain)
			a.reason = d.Debug.Reason
		}
		for _, v := range d.Debug.FieldViolations {
			a.fields = append(a.fields, v.Field+": "+v.Description)
		}
	}
}

// reasonOf returns the code and reason that a Connect client sees, and fails the test if there is none.
func reasonOf(t *testing.T, err error) (connect.Code, fault.Reason) {
	t.Helper()
	var e *connect.Error
	require.ErrorAs(t, err, &e)
	for _, d := range e.Details() {
		m, err := d.Value()
		require.NoError(t, err)
		if info, ok := m.(*errdetails.ErrorInfo); ok {
			require.Equal(t, fault.Domain, info.GetDomain())
			return e.Code(), fault.Reason(info.GetReason())
		}
	}
	require.Fail(t, "an error without a reason", "%v", err)
	return 0, ""
}
