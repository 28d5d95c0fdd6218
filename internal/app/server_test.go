package app

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
)

func TestSlowClientsReceiveTheirError(t *testing.T) {
	cfg := config.Config{RequestTimeout: time.Second}
	s := newServer(t.Context(), &cfg, slog.New(slog.DiscardHandler), http.NotFoundHandler(), nil)
	require.Greater(t, s.ReadTimeout, cfg.RequestTimeout)
	require.Greater(t, s.WriteTimeout, s.ReadTimeout)
}
