package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/grpchealth"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/test/wait"
)

// slowApp is an App with one request in flight, which ends when the test says so or its context is done.
func slowApp(t *testing.T, limit time.Duration) (a *App, release func(), answer <-chan string) {
	t.Helper()
	a = &App{
		cfg:    config.Config{ShutdownTimeout: limit, RequestTimeout: time.Minute},
		log:    slog.New(slog.DiscardHandler),
		health: grpchealth.NewStaticChecker("catalog.v1.ProductService"), services: []string{"catalog.v1.ProductService"},
	}
	started, released := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		select {
		case <-released:
			_, _ = io.WriteString(w, "done")
		case <-r.Context().Done():
			_, _ = io.WriteString(w, context.Cause(r.Context()).Error())
		}
	})
	base, stop := context.WithCancelCause(t.Context())
	a.stopServing = stop
	a.server = newServer(base, &a.cfg, a.log, handler, nil)
	var err error
	a.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving := make(chan error, 1)
	go func() { serving <- a.serve() }()
	t.Cleanup(func() { require.NoError(t, <-serving) })
	answers := make(chan string, 1)
	slow := request(t, "http://"+a.listener.Addr().String())
	go func() {
		res, err := (&http.Client{Timeout: time.Minute}).Do(slow)
		if err != nil {
			answers <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answers <- string(body)
	}()
	<-started
	return a, func() { close(released) }, answers
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	return r
}

func TestRequestsInFlightAreAnswered(t *testing.T) {
	a, release, answer := slowApp(t, time.Minute)
	stopped := make(chan error, 1)
	workersStopped := make(chan struct{})
	go func() {
		stopped <- a.stop(t.Context(), []stopFunc{func(context.Context) error { close(workersStopped); return nil }})
	}()
	wait.For(t, func() bool { return a.draining.Load() })
	for _, name := range append(a.services, "") {
		wait.For(t, func() bool {
			res, err := a.health.Check(t.Context(), &grpchealth.CheckRequest{Service: name})
			return err == nil && res.Status == grpchealth.StatusNotServing
		})
	}
	w := httptest.NewRecorder()
	a.ready(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	select {
	case <-workersStopped:
		require.Fail(t, "workers stopped before the request was answered")
	default:
	}
	release()
	require.Equal(t, "done", <-answer)
	require.NoError(t, <-stopped)
	<-workersStopped
}

func TestSlowRequestsAreCanceledWithReason(t *testing.T) {
	a, _, answer := slowApp(t, 10*time.Millisecond)
	finish := func(ctx context.Context) error { return ctx.Err() }
	require.NoError(t, a.stop(t.Context(), []stopFunc{finish}), "the background has time to finish all the same")
	require.Contains(t, <-answer, "SHUTTING_DOWN")
}

func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	cfg := config.Config{TLSCert: cert, TLSKey: key, RequestTimeout: time.Minute}
	loaded, err := loadCertificate(&cfg)
	require.NoError(t, err)
	a := &App{log: slog.New(slog.DiscardHandler)}
	a.server = newServer(t.Context(), &cfg, a.log, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}), loaded)
	a.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving := make(chan error, 1)
	go func() { serving <- a.serve() }()
	for proto, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		client := &http.Client{Transport: &http.Transport{
			ForceAttemptHTTP2: http2, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13},
		}}
		res, err := client.Do(request(t, "https://"+a.listener.Addr().String()))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, proto, string(body))
		client.CloseIdleConnections()
	}
	require.NoError(t, a.drain(t.Context()))
	require.NoError(t, <-serving)
}

// certificate makes a certificate for 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(certFile, public, 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(public))
	return certFile, keyFile, pool
}
