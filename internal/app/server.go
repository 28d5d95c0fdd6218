package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/zebrands/catalog/internal/config"
)

const (
	// headerTimeout bounds reading the headers of a request.
	headerTimeout = 10 * time.Second
	// idleTimeout bounds idle keep-alive connections. It exceeds that of common load balancers, so that they
	// close first.
	idleTimeout = 120 * time.Second
	// maxHeaderBytes bounds the headers of a request with its URL. A GET of a thousand products by their ids has 44 KiB.
	maxHeaderBytes = 64 << 10
	// transferTime is the time for reading a request or writing its response, on top of its time limit, and for writing
	// each message of a stream.
	transferTime = 10 * time.Second
)

func loadCertificate(cfg *config.Config) (*tls.Certificate, error) {
	if !cfg.TLS() {
		return nil, nil //nolint:nilnil // no TLS is not an error
	}
	certificate, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert (CATALOG_TLS_CERT): %w", err)
	}
	return &certificate, nil
}

// newServer returns a server for HTTP/1.1 and HTTP/2 on one port, with TLS if there is a certificate. base is the
// parent context of all requests.
func newServer(
	base context.Context, cfg *config.Config, log *slog.Logger, handler http.Handler, certificate *tls.Certificate,
) *http.Server {
	s := &http.Server{
		Handler:           handler,
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       cfg.RequestTimeout + transferTime,
		// Exceeds ReadTimeout, so that slow clients still receive the error.
		WriteTimeout:   cfg.RequestTimeout + 2*transferTime,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:    func(net.Listener) context.Context { return base },
	}
	s.Protocols.SetHTTP1(true)
	if certificate == nil {
		s.Protocols.SetUnencryptedHTTP2(true)
		return s
	}
	s.Protocols.SetHTTP2(true)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	return s
}
