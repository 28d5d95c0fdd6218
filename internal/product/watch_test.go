package product_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/apikey"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/rpc"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// served is the service behind the chain and real connections.
type served struct {
	t       *testing.T
	d       *db.DB
	streams rpc.Streams
	url     string
	session *auth.Sessions
	tokens  *auth.Tokens
	keys    *auth.APIKeys
	// clients call over each protocol.
	clients map[string]catalogv1connect.ProductServiceClient
}

// eachServed runs fn with the service on each database.
func eachServed(t *testing.T, fn func(t *testing.T, s *served), options ...product.Option) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.HookProducts(history.NewHook())
		service, err := product.NewService(d, 0, options...)
		require.NoError(t, err)
		require.NoError(t, d.Watch(t.Context()))
		keys, err := auth.GenerateKeys()
		require.NoError(t, err)
		s := &served{t: t, d: d, tokens: auth.NewTokens(auth.FixedKeys(keys), "https://catalog.test", "catalog")}
		s.session = auth.NewSessions(d, s.tokens)
		s.keys = auth.NewAPIKeys(d, slog.New(slog.DiscardHandler), auth.APIKeyLimit{Burst: 1})
		s.serve(service)
		fn(t, s)
	})
}

func (s *served) serve(service *product.Service) {
	const maxRequest = 1 << 20
	chain := rpc.Chain{
		Authenticate: auth.NewAuthenticator(s.d, s.tokens).WithAPIKeys(s.keys).Authenticate,
		Streams:      &s.streams, MaxRequestBytes: maxRequest,
	}
	path, handler := catalogv1connect.NewProductServiceHandler(service, chain.HandlerOptions()...)
	mux := http.NewServeMux()
	mux.Handle(path, handler)
	observer := rpc.Observer{
		Log: slog.New(slog.DiscardHandler), Streams: rpc.StreamPaths([]string{catalogv1connect.ProductServiceName}),
	}
	server := httptest.NewUnstartedServer(observer.Wrap(rpc.Transport(maxRequest, mux)))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	s.t.Cleanup(func() {
		s.streams.End()
		server.Close()
	})
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	http2 := &http.Client{Transport: &http.Transport{Protocols: h2}}
	s.url = server.URL
	s.clients = map[string]catalogv1connect.ProductServiceClient{
		"connect":      catalogv1connect.NewProductServiceClient(server.Client(), s.url),
		"connect-json": catalogv1connect.NewProductServiceClient(http2, s.url, connect.WithProtoJSON()),
		"grpc":         catalogv1connect.NewProductServiceClient(http2, s.url, connect.WithGRPC()),
		"grpc-web":     catalogv1connect.NewProductServiceClient(server.Client(), s.url, connect.WithGRPCWeb()),
	}
}

// caller is an administrator with a session.
type caller struct {
	id    *ent.Admin
	grant auth.Grant
}

func (s *served) signIn(name string) caller {
	s.t.Helper()
	var c caller
	require.NoError(s.t, s.d.InTx(s.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if c.id, err = tx.Admin.Create().SetEmail(strings.ToLower(name) + "@example.com").SetName(name).SetPasswordHash("x").Save(ctx); err != nil {
			return err
		}
		c.grant, err = s.session.Start(ctx, tx, c.id.ID)
		return err
	}))
	return c
}

// newKey creates an API key of c that may read.
func (s *served) newKey(c caller) (secret string, id uuid.UUID) {
	s.t.Helper()
	key := auth.NewAPIKey()
	require.NoError(s.t, s.d.InTx(s.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		row, err := tx.APIKey.Create().SetAdminID(c.id.ID).SetName("erp").SetAccess(apikey.AccessRead).
			SetDigest(key.Digest).SetPrefix(key.Prefix).Save(ctx)
		if err == nil {
			id = row.ID
		}
		return err
	}))
	return key.Text, id
}

// as returns a context for calls by c with a token.
func as(ctx context.Context, token string) context.Context {
	ctx, call := connect.NewClientContext(ctx)
	call.RequestHeader().Set("Authorization", "Bearer "+token)
	return ctx
}

// stream is a stream on the client's side.
type stream struct {
	*connect.ServerStreamForClient[catalogv1.WatchProductChangesResponse]

	t      *testing.T
	cancel context.CancelFunc
	cursor string
}

func (s *served) watch(protocol, token string, req *catalogv1.WatchProductChangesRequest) *stream {
	s.t.Helper()
	// The bound of everything that the stream waits for.
	ctx, cancel := context.WithTimeout(s.t.Context(), wait.Patience)
	s.t.Cleanup(cancel)
	opened, err := s.clients[protocol].WatchProductChanges(as(ctx, token), req)
	require.NoError(s.t, err)
	return &stream{t: s.t, ServerStreamForClient: opened, cancel: cancel}
}

// next returns the changes of the next response.
func (s *stream) next() []*catalogv1.ProductChange {
	s.t.Helper()
	require.True(s.t, s.Receive(), "%v", s.Err())
	s.cursor = s.Msg().GetCursor()
	require.NotEmpty(s.t, s.cursor)
	return s.Msg().GetChanges()
}

// names returns the names that the products of the next n changes have.
func (s *stream) names(n int) []string {
	s.t.Helper()
	var names []string
	for len(names) < n {
		for _, c := range s.next() {
			names = append(names, c.GetProduct().GetName())
		}
	}
	return names
}

// requireEnd requires that the stream ends with a reason, after any heartbeats.
func (s *stream) requireEnd(code connect.Code, reason fault.Reason) {
	s.t.Helper()
	for s.Receive() {
		require.Empty(s.t, s.Msg().GetChanges())
	}
	var err *connect.Error
	require.ErrorAs(s.t, s.Err(), &err)
	require.Equal(s.t, code, err.Code(), "%v", err)
	found := ""
	retry := false
	for _, d := range err.Details() {
		value, problem := d.Value()
		require.NoError(s.t, problem)
		switch value := value.(type) {
		case *errdetails.ErrorInfo:
			found = value.GetReason()
		case *errdetails.RetryInfo:
			retry = value.GetRetryDelay().AsDuration() > 0
		}
	}
	require.Equal(s.t, string(reason), found, "%v", err)
	require.Equal(s.t, reason == fault.TooManyStreams, retry)
}

// rename can be called by any goroutine.
func (s *served) rename(c caller, id, name string) {
	s.t.Helper()
	_, err := s.clients["connect"].UpdateProduct(as(s.t.Context(), c.grant.AccessToken),
		&catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: id, Name: name}})
	if err != nil {
		s.t.Error("rename: ", err)
	}
}

func (s *served) create(c caller, p *catalogv1.Product) string {
	s.t.Helper()
	resp, err := s.clients["connect"].CreateProduct(as(s.t.Context(), c.grant.AccessToken),
		&catalogv1.CreateProductRequest{Product: p})
	require.NoError(s.t, err)
	return resp.GetProduct().GetId()
}

// A reader whose connections break at any point gets every change once if it continues from its last cursor.
func TestWatchResumesWhereItBroke(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		ana := s.signIn("Ana")
		id := s.create(ana, sample("watched", "Name"))
		for protocol := range s.clients {
			w := s.watch(protocol, ana.grant.AccessToken, &catalogv1.WatchProductChangesRequest{})
			require.Empty(t, w.next())
			const changes = 12
			written := make(chan struct{})
			go func() {
				defer close(written)
				for i := range changes {
					s.rename(ana, id, fmt.Sprint(protocol, " ", i))
				}
			}()
			var got []string
			for len(got) < changes {
				got = append(got, w.names(1)...)
				if len(got)%5 != 0 {
					continue
				}
				w.cancel() // whatever it sends still
				w = s.watch(protocol, ana.grant.AccessToken, &catalogv1.WatchProductChangesRequest{Cursor: w.cursor})
			}
			want := make([]string, changes)
			for i := range want {
				want[i] = fmt.Sprint(protocol, " ", i)
			}
			require.Equal(t, want, got)
			w.cancel()
			<-written // the caller has the last answer, too
		}
	})
}

func TestWatchFiltersAndBeats(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		ana, luis := s.signIn("Ana"), s.signIn("Luis")
		id := s.create(ana, sample("watched", "Name"))
		for protocol := range s.clients {
			req := &catalogv1.WatchProductChangesRequest{Filter: `actor = Luis AND brand = Acme`}
			w := s.watch(protocol, ana.grant.AccessToken, req)
			require.Empty(t, w.next())
			start := w.cursor
			s.rename(ana, id, "By Ana, "+protocol)
			for w.cursor == start {
				require.Empty(t, w.next(), "heartbeats alone, until one passes the change")
			}
			s.rename(luis, id, "By Luis, "+protocol)
			require.Equal(t, []string{"By Luis, " + protocol}, w.names(1))
			w.cancel()
		}
	}, product.Heartbeat(time.Millisecond))
}

func TestWatchEndsWithTheSession(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		for protocol := range s.clients {
			c := s.signIn(protocol)
			w := s.watch(protocol, c.grant.AccessToken, &catalogv1.WatchProductChangesRequest{})
			require.Empty(t, w.next())
			require.NoError(t, s.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return auth.EndAll(ctx, tx, c.id.ID)
			}))
			w.requireEnd(connect.CodeUnauthenticated, fault.SessionEnded)
		}
	})
}

func TestWatchEndsWithTheToken(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		c := s.signIn("Ana")
		issued := time.Now().Add(-auth.AccessTokenLifetime).Add(2 * time.Second)
		token, _, err := s.tokens.Issue(auth.Claims{AdminID: c.id.ID, SessionID: c.grant.SessionID}, issued)
		require.NoError(t, err)
		for protocol := range s.clients { // all but the first can be refused at once
			s.watch(protocol, token, &catalogv1.WatchProductChangesRequest{}).
				requireEnd(connect.CodeUnauthenticated, fault.TokenExpired)
		}
	})
}

// A key's streams end with it, those of its creator go on, and each has streams of its own.
func TestWatchEndsWithTheKey(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		for protocol := range s.clients {
			c := s.signIn(protocol)
			secret, id := s.newKey(c)
			byHand := s.watch(protocol, c.grant.AccessToken, &catalogv1.WatchProductChangesRequest{})
			require.Empty(t, byHand.next())
			w := s.watch(protocol, secret, &catalogv1.WatchProductChangesRequest{})
			require.Empty(t, w.next())
			s.watch(protocol, secret, &catalogv1.WatchProductChangesRequest{}).
				requireEnd(connect.CodeResourceExhausted, fault.TooManyStreams)
			require.NoError(t, s.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				_, _, err := auth.RevokeAPIKey(ctx, tx, id)
				return err
			}))
			w.requireEnd(connect.CodeUnauthenticated, fault.APIKeyInvalid)
			s.watch(protocol, secret, &catalogv1.WatchProductChangesRequest{}).
				requireEnd(connect.CodeUnauthenticated, fault.APIKeyInvalid)
			require.Empty(t, byHand.next(), "a heartbeat")
		}
	}, product.MaxStreams(100, 1), product.Heartbeat(100*time.Millisecond))
}

func TestWatchIsLimited(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		ana, luis, eva := s.signIn("Ana"), s.signIn("Luis"), s.signIn("Eva")
		open := func(c caller) *stream {
			w := s.watch("grpc", c.grant.AccessToken, &catalogv1.WatchProductChangesRequest{})
			require.Empty(t, w.next())
			return w
		}
		first := open(ana)
		open(ana)
		for protocol := range s.clients {
			s.watch(protocol, ana.grant.AccessToken, &catalogv1.WatchProductChangesRequest{}).
				requireEnd(connect.CodeResourceExhausted, fault.TooManyStreams)
		}
		open(luis)
		s.watch("connect", eva.grant.AccessToken, &catalogv1.WatchProductChangesRequest{}).
			requireEnd(connect.CodeResourceExhausted, fault.TooManyStreams)
		first.cancel()
		wait.For(t, func() bool {
			w := s.watch("grpc", eva.grant.AccessToken, &catalogv1.WatchProductChangesRequest{})
			return w.Receive()
		}, "a stream that ends makes room")
	}, product.MaxStreams(3, 2))
}

func TestWatchEndsWithTheProcess(t *testing.T) {
	eachServed(t, func(t *testing.T, s *served) {
		ana := s.signIn("Ana")
		open := map[string]*stream{}
		for protocol := range s.clients {
			open[protocol] = s.watch(protocol, ana.grant.AccessToken, &catalogv1.WatchProductChangesRequest{})
			require.Empty(t, open[protocol].next())
		}
		s.streams.End()
		for _, w := range open {
			w.requireEnd(connect.CodeUnavailable, fault.ShuttingDown)
		}
	})
}
