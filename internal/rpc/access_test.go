package rpc_test

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/fault"
)

// A method with the option reauthentication needs somebody who has just proved who they are. Connect says so in the
// header, too, as RFC 9470 has it; its answers to other refusals do not change.
func TestReauthenticationIsRequired(t *testing.T) {
	s := start(t)
	const request = `{"admin": {"email": "bea@example.com", "name": "Bea"}}`
	call := func(path, token string) answer {
		return s.do(t, http.MethodPost, path, request, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	}
	stale := call(createAdmin, goodToken)
	require.Equal(t, http.StatusUnauthorized, stale.status)
	require.Equal(t, string(fault.ReauthenticationRequired), stale.reason)
	require.Equal(t, []string{`Bearer error="insufficient_user_authentication", max_age="300"`},
		stale.header["Www-Authenticate"])
	require.Equal(t, http.StatusOK, call(createAdmin, freshToken).status)
	expired := call(createAdmin, "expired")
	require.Equal(t, string(fault.TokenExpired), expired.reason)
	require.Equal(t, []string{"Bearer"}, expired.header["Www-Authenticate"])
	create := s.do(t, http.MethodPost, create, `{"product": {"sku": "A", "name": "A"}}`,
		"Content-Type", "application/json", "Authorization", "Bearer "+goodToken)
	require.Equal(t, http.StatusOK, create.status, "other methods do not need it: %s", create.body)
}

func TestReauthenticationIsRequiredInEveryProtocol(t *testing.T) {
	for name, options := range map[string][]connect.ClientOption{
		"Connect": nil, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			client := catalogv1connect.NewAdminServiceClient(s.h2, s.URL, options...)
			create := func(token string) error {
				ctx, call := connect.NewClientContext(t.Context())
				call.RequestHeader().Set("Authorization", "Bearer "+token)
				_, err := client.CreateAdmin(ctx, &catalogv1.CreateAdminRequest{
					Admin: &catalogv1.Admin{Email: "bea@example.com", Name: "Bea"},
				})
				return err
			}
			require.NoError(t, create(freshToken))
			var refusal *connect.Error
			require.ErrorAs(t, create(goodToken), &refusal)
			require.Equal(t, connect.CodeUnauthenticated, refusal.Code())
			require.Len(t, refusal.Details(), 1)
			detail, err := refusal.Details()[0].Value()
			require.NoError(t, err)
			require.Equal(t, string(fault.ReauthenticationRequired), detail.(*errdetails.ErrorInfo).GetReason())
			require.Equal(t, map[string]string{"max_age": "300"}, detail.(*errdetails.ErrorInfo).GetMetadata())
		})
	}
}

// Whoever holds a body back does not act after the end of their session.
func TestSessionThatEndsBeforeTheBodyIsThere(t *testing.T) {
	gated, ended := make(chan struct{}), &atomic.Bool{}
	first := sync.OnceFunc(func() { close(gated) })
	s := startWith(t, setup{timeout: time.Minute, authenticated: func(string) error {
		if ended.Load() {
			return fault.New(fault.Unauthenticated, fault.SessionEnded, "Ended.")
		}
		first()
		return nil
	}})
	body, send := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+createAdmin, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+freshToken)
	sent := make(chan error, 1)
	go func() {
		<-gated
		ended.Store(true)
		_, err := io.WriteString(send, `{"admin": {"email": "bea@example.com", "name": "Bea"}}`)
		sent <- errors.Join(err, send.Close())
	}()
	resp, err := s.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, <-sent)
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode, "%s", answer)
	require.Contains(t, string(answer), fault.SessionEnded)
}
