package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/fault"
)

// callTimeout is the timeout of one call.
const callTimeout = 2 * time.Minute

// Session is a client session with a server: anonymous, a program's with an API key, or an administrator's until Close.
type Session struct {
	// Products is authorized as the caller.
	Products catalogv1connect.ProductServiceClient

	auth catalogv1connect.AuthServiceClient

	mu      sync.Mutex
	access  string
	refresh string
}

// Connect returns an anonymous session with the server at a URL.
func Connect(server string) *Session {
	client := &http.Client{Timeout: callTimeout}
	s := &Session{auth: catalogv1connect.NewAuthServiceClient(client, server)}
	s.Products = catalogv1connect.NewProductServiceClient(client, server,
		connect.WithInterceptors(connect.UnaryInterceptorFunc(s.authorize)))
	return s
}

var errSecondFactor = errors.New(
	"sign in: this administrator needs a passkey, too, and commands have none; " +
		"use an API key (--api-key or CATALOG_API_KEY)")

// UseAPIKey makes the following calls with an API key. There is nothing to renew, or to sign out.
func (s *Session) UseAPIKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access, s.refresh = key, ""
}

// SignIn signs an administrator in.
func (s *Session) SignIn(ctx context.Context, email, password string) error {
	resp, err := s.auth.SignIn(ctx, &catalogv1.SignInRequest{Email: email, Password: password})
	if reasonOf(err) == fault.SecondFactorRequired {
		return errSecondFactor
	}
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	s.access, s.refresh = resp.GetAccessToken(), resp.GetRefreshToken()
	return nil
}

// Close signs the administrator out.
func (s *Session) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refresh == "" {
		return nil
	}
	if _, err := s.auth.SignOut(ctx, &catalogv1.SignOutRequest{RefreshToken: s.refresh}); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	s.access, s.refresh = "", ""
	return nil
}

// authorize adds the access token to calls, and renews it when it has expired or its key was retired.
func (s *Session) authorize(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		token := s.token()
		if token == "" {
			return next(ctx, req)
		}
		req.Header().Set("Authorization", "Bearer "+token)
		resp, err := next(ctx, req)
		// Both are answers to access tokens only.
		if reason := reasonOf(err); reason != fault.TokenExpired && reason != fault.TokenInvalid {
			return resp, err
		}
		token, renewErr := s.renew(ctx, token)
		if renewErr != nil {
			return nil, errors.Join(err, renewErr)
		}
		req.Header().Set("Authorization", "Bearer "+token)
		return next(ctx, req)
	}
}

func (s *Session) token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access
}

// renew exchanges the refresh token, unless another call has done so, and returns the new access token.
func (s *Session) renew(ctx context.Context, refused string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.access != refused {
		return s.access, nil
	}
	resp, err := s.auth.RefreshSession(ctx, &catalogv1.RefreshSessionRequest{RefreshToken: s.refresh})
	if err != nil {
		return "", fmt.Errorf("refresh session: %w", err)
	}
	s.access, s.refresh = resp.GetAccessToken(), resp.GetRefreshToken()
	return s.access, nil
}
