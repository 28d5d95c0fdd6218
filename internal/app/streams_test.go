package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/rpc"
)

// endless has a stream that lasts, and a call that lasts until it is released.
type endless struct {
	catalogv1connect.UnimplementedProductServiceHandler

	started, released chan struct{}
}

func (e endless) GetProduct(context.Context, *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	close(e.started)
	<-e.released
	return &catalogv1.GetProductResponse{}, nil
}

func (endless) WatchProductChanges(
	ctx context.Context, _ *catalogv1.WatchProductChangesRequest,
	stream *connect.ServerStream[catalogv1.WatchProductChangesResponse],
) error {
	if err := stream.Send(nil); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// TestShutdownEndsStreamsAndDrainsCalls stops a process with a stream and a unary call, neither of which would end.
func TestShutdownEndsStreamsAndDrainsCalls(t *testing.T) {
	a := &App{
		cfg: config.Config{ShutdownTimeout: time.Hour, RequestTimeout: time.Hour},
		log: slog.New(slog.DiscardHandler), health: grpchealth.NewStaticChecker(),
	}
	chain := rpc.Chain{
		Streams: &a.streams, MaxRequestBytes: 1 << 10,
		Authenticate: func(context.Context, string) (auth.Principal, error) { return auth.Principal{}, nil },
	}
	service := endless{started: make(chan struct{}), released: make(chan struct{})}
	_, handler := catalogv1connect.NewProductServiceHandler(service, chain.HandlerOptions()...)
	observer := rpc.Observer{
		Log: a.log, Timeout: a.cfg.RequestTimeout, Streams: rpc.StreamPaths([]string{catalogv1connect.ProductServiceName}),
	}
	base, stop := context.WithCancelCause(t.Context())
	a.stopServing = stop
	a.server = newServer(base, &a.cfg, a.log, observer.Wrap(rpc.Transport(1<<10, handler)), nil)
	var err error
	a.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving, stopped := make(chan error, 1), make(chan error, 1)
	go func() { serving <- a.serve() }()

	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	client := catalogv1connect.NewProductServiceClient(&http.Client{Transport: &http.Transport{Protocols: h2}},
		"http://"+a.listener.Addr().String(), connect.WithGRPC())
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Authorization", "Bearer good")
	stream, err := client.WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{})
	require.NoError(t, err)
	answered := make(chan error, 1)
	go func() {
		_, err := client.GetProduct(t.Context(), &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: "a"}})
		answered <- err
	}()
	<-service.started

	go func() { stopped <- a.stop(t.Context(), nil) }()
	require.False(t, stream.Receive())
	require.Equal(t, connect.CodeUnavailable, connect.CodeOf(stream.Err()))
	require.ErrorContains(t, stream.Err(), rpc.ShuttingDown().Message)
	select {
	case err := <-stopped:
		require.Fail(t, "stopped before the call was answered", "%v", err)
	default:
	}
	close(service.released)
	require.NoError(t, <-answered)
	require.NoError(t, <-stopped)
	require.NoError(t, <-serving)
}
