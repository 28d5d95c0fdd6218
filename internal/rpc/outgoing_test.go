package rpc

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/test/wait"
)

// largeProducts answers with as many kilobytes as the first SKU says.
type largeProducts struct {
	catalogv1connect.UnimplementedProductServiceHandler
}

func (largeProducts) BatchGetProducts(
	_ context.Context, req *catalogv1.BatchGetProductsRequest,
) (*catalogv1.BatchGetProductsResponse, error) {
	kilobytes, err := strconv.Atoi(req.GetSkus()[0])
	if err != nil {
		return nil, err
	}
	product := &catalogv1.Product{Description: strings.Repeat("x", 1<<10)}
	resp := &catalogv1.BatchGetProductsResponse{}
	for range kilobytes {
		resp.Products = append(resp.Products, product)
	}
	return resp, nil
}

// startOutgoing starts a server whose anonymous callers of one network get at most 8 MiB at once.
func startOutgoing(t *testing.T) (*httptest.Server, *budget) {
	t.Helper()
	intake := NewIntake(intakeLimit)
	intake.sending = newBudget(networkShares * networkShares * responseCost * 8 << 20)
	chain := Chain{MaxRequestBytes: intakeLimit, Authenticate: func(context.Context, string) (auth.Principal, error) {
		return auth.Principal{}, nil
	}}
	path, service := catalogv1connect.NewProductServiceHandler(largeProducts{}, chain.HandlerOptions()...)
	mux := http.NewServeMux()
	mux.Handle(path, Transport(intakeLimit, service))
	s := httptest.NewUnstartedServer(Observer{Log: slog.New(slog.DiscardHandler)}.Wrap(intake.Wrap(mux)))
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10) // or the kernel takes megabytes that nobody reads
		return ctx
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, intake.sending
}

// withHeader sends a token, unless it is empty.
func withHeader(token string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			if token != "" {
				req.Header().Set("Authorization", "Bearer "+token)
			}
			return next(ctx, req)
		}
	}
}

func (b *budget) isUntouched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left == networkShares*b.share && len(b.taken) == 0
}

func TestResponsesToStrangersAreBounded(t *testing.T) {
	s, sending := startOutgoing(t)
	ask := func(kilobytes int, token string) error {
		client := catalogv1connect.NewProductServiceClient(s.Client(), s.URL, connect.WithInterceptors(withHeader(token)))
		_, err := client.BatchGetProducts(t.Context(), skus(1, strconv.Itoa(kilobytes)))
		return err
	}
	require.NoError(t, ask(7900, ""))
	reason, _, _ := detailsOf(t, ask(8300, ""))
	require.Equal(t, "RESPONSE_TOO_LARGE", reason)
	require.NoError(t, ask(8300, "token"), "administrators get any size")
	wait.For(t, sending.isUntouched)

	// A caller who does not read holds what it was promised, until it goes.
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
	body := `{"skus": ["7900"]}`
	_, err = conn.Write([]byte("POST " + batchGet + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n" + body))
	require.NoError(t, err)
	wait.For(t, func() bool { return !sending.isUntouched() })
	reason, _, retry := detailsOf(t, ask(7900, ""))
	require.Equal(t, "SERVER_OVERLOADED", reason)
	require.True(t, retry)
	require.NoError(t, ask(200, ""), "ordinary reads are served")
	require.NoError(t, ask(8300, "token"))
	require.NoError(t, conn.Close())
	wait.For(t, sending.isUntouched)
	require.NoError(t, ask(7900, ""))
}
