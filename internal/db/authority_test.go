package db_test

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
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
)

func TestTheServersCertificateIsCheckedAgainstTextInTheURL(t *testing.T) {
	https := httptest.NewTLSServer(nil) // for its self-signed certificate of 127.0.0.1
	defer https.Close()
	ours := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: https.Certificate().Raw}))
	address, trusted := tlsServer(t, https.TLS.Certificates[0])
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)

	for _, c := range []struct {
		mode, host, authority string
		want                  string // the error; "" if the server is trusted
	}{
		{"verify-full", "127.0.0.1", ours, ""},
		{"verify-ca", "127.0.0.1", ours, ""},
		{"verify-ca", "localhost", ours, ""},
		{"require", "localhost", ours, ""},
		{"verify-full", "localhost", ours, "not localhost"},
		{"verify-ca", "127.0.0.1", stranger(t), "unknown authority"},
		{"require", "127.0.0.1", stranger(t), "unknown authority"},
		{"verify-full", "127.0.0.1", stranger(t), "unknown authority"},
		{"verify-ca", "127.0.0.1", "nothing", "no certificate"},
	} {
		query := url.Values{"sslmode": {c.mode}, "sslinline": {"true"}, "sslrootcert": {c.authority}}
		_, err := db.Open(t.Context(), "postgres://catalog:secret@"+net.JoinHostPort(c.host, port)+"/catalog?"+query.Encode(),
			slog.New(slog.DiscardHandler))
		require.Error(t, err, "it is no PostgreSQL")
		require.NotContains(t, err.Error(), "secret")
		if c.want == "" {
			require.NoError(t, <-trusted, "%+v", c)
			continue
		}
		require.ErrorContains(t, err, c.want)
		if c.authority != "nothing" {
			require.Error(t, <-trusted)
		}
	}
}

// stranger returns a certificate authority that has not signed the server's certificate.
func stranger(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// tlsServer starts a server that speaks PostgreSQL's protocol until TLS is established. It sends the outcome of every
// handshake.
func tlsServer(t *testing.T, certificate tls.Certificate) (string, <-chan error) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	outcome := make(chan error)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			outcome <- handshake(t.Context(), conn, certificate)
		}
	}()
	return listener.Addr().String(), outcome
}

func handshake(ctx context.Context, conn net.Conn, certificate tls.Certificate) error {
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 8)); err != nil { // the SSLRequest message
		return err
	}
	if _, err := conn.Write([]byte("S")); err != nil {
		return err
	}
	server := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err := server.HandshakeContext(ctx); err != nil {
		return err
	}
	// In TLS 1.3 the client's verdict follows the handshake: its first message, or an alert.
	_, err := server.Read(make([]byte, 1))
	return err
}
