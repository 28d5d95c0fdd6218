package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	handler := http.NewServeMux()
	handler.HandleFunc("/livez", func(http.ResponseWriter, *http.Request) {})
	handler.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stopping", http.StatusServiceUnavailable) })
	plain := httptest.NewServer(handler)
	defer plain.Close()
	secure := httptest.NewTLSServer(handler)
	defer secure.Close()

	_, port, err := net.SplitHostPort(plain.Listener.Addr().String())
	require.NoError(t, err)
	for _, addr := range []string{"127.0.0.1:", "localhost:", "0.0.0.0:", ":"} {
		require.NoError(t, (&healthCmd{Addr: addr + port, Live: true}).Run(t.Context()), addr)
		require.ErrorContains(t, (&healthCmd{Addr: addr + port}).Run(t.Context()), "503 Service Unavailable: stopping")
	}
	addr := strings.TrimPrefix(secure.URL, "https://")
	require.NoError(t, (&healthCmd{Addr: addr, TLSCert: "cert.pem", Live: true}).Run(t.Context()))
	require.ErrorContains(t, (&healthCmd{Addr: addr, Live: true}).Run(t.Context()), "400")

	plain.Close()
	require.ErrorContains(t, (&healthCmd{Addr: "127.0.0.1:" + port}).Run(t.Context()), "does not answer")
	require.ErrorContains(t, (&healthCmd{Addr: "8080"}).Run(t.Context()), "CATALOG_ADDR")
}
