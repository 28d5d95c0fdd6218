package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/grpchealth"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/test/wait"
)

// TestGracefulShutdownLosesNoRequest stops a server under load. The load balancer does not know of it: it uses the
// server until it cannot connect any more. Every request that it sent must be answered.
func TestGracefulShutdownLosesNoRequest(t *testing.T) {
	for proto, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			for range 3 {
				a, serving := drainingApp(t)
				balancer := newBalancer("http://"+a.listener.Addr().String(), http2)
				var senders sync.WaitGroup
				for range 16 {
					senders.Go(func() { balancer.send(t, proto) })
				}
				wait.For(t, func() bool { return balancer.answers.Load() > 100 })
				require.NoError(t, a.stop(t.Context(), nil))
				senders.Wait()
				require.NoError(t, <-serving)
			}
		})
	}
}

func drainingApp(t *testing.T) (a *App, serving <-chan error) {
	t.Helper()
	a = &App{
		cfg:    config.Config{ShutdownTimeout: time.Minute, RequestTimeout: time.Minute, DrainDelay: 200 * time.Millisecond},
		log:    slog.New(slog.DiscardHandler),
		health: grpchealth.NewStaticChecker(),
	}
	base, stop := context.WithCancelCause(t.Context())
	a.stopServing = stop
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})
	a.server = newServer(base, &a.cfg, a.log, a.closeWhenDraining(handler), nil)
	a.server.ConnState = a.trackConn
	var err error
	a.listener, err = listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- a.serve() }()
	return a, served
}

// balancer sends requests to one server. Its idle timeout is shorter than the server's drain delay.
type balancer struct {
	url     string
	http2   bool
	answers atomic.Int64
}

func newBalancer(url string, http2 bool) *balancer { return &balancer{url: url, http2: http2} }

// send sends requests until it cannot connect.
func (b *balancer) send(t *testing.T, proto string) {
	t.Helper()
	transport := &http.Transport{
		IdleConnTimeout: 100 * time.Millisecond,
		DialContext:     (&net.Dialer{Timeout: 300 * time.Millisecond}).DialContext,
		Protocols:       new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(!b.http2)
	transport.Protocols.SetUnencryptedHTTP2(b.http2)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url, strings.NewReader("ping"))
		if err != nil {
			t.Error(err)
			return
		}
		res, err := client.Do(req)
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || string(body) != "ping" || res.Proto != proto {
			t.Errorf("%s answered %q: %v", res.Proto, body, err)
			return
		}
		b.answers.Add(1)
	}
}
