package rpc_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/wait"
)

const watch = "/catalog.v1.ProductService/WatchProductChanges"

// WatchProductChanges sends a message, and goes on by its cursor.
func (products) WatchProductChanges(
	ctx context.Context, req *catalogv1.WatchProductChangesRequest,
	stream *connect.ServerStream[catalogv1.WatchProductChangesResponse],
) error {
	p, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return errors.New("no principal")
	}
	send := func(cursor string) error {
		return stream.Send(&catalogv1.WatchProductChangesResponse{Cursor: cursor})
	}
	if err := send(p.Name); err != nil {
		return err
	}
	switch req.GetCursor() {
	case "long":
		return errors.Join(send(strings.Repeat("x", 5000)), send("last"))
	case "gone":
		return fault.New(fault.NotFound, fault.ProductNotFound, "There is none.").With("sku", "x").After(time.Second)
	case "broken":
		return errors.New("pq: secret table does not exist")
	case "leaky":
		return connect.NewError(connect.CodeDataLoss, errors.New("secret of another server"))
	case "boom":
		panic("kaboom")
	case "unwritable":
		return send("\xff")
	case "beats":
		for ctx.Err() == nil {
			if err := send(""); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
		return ctx.Err()
	case "flood":
		for {
			if err := send(strings.Repeat("x", 1<<20)); err != nil {
				return err
			}
		}
	case "open":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// way is how a client calls.
type way struct {
	name    string
	http2   bool
	options []connect.ClientOption
}

func ways() []way {
	return []way{
		{"connect/http1", false, nil},
		{"connect/http2", true, nil},
		{"connect JSON/http1", false, []connect.ClientOption{connect.WithProtoJSON()}},
		{"connect gzip/http2", true, []connect.ClientOption{connect.WithSendGzip()}},
		{"grpc/http2", true, []connect.ClientOption{connect.WithGRPC()}},
		{"grpc-web/http1", false, []connect.ClientOption{connect.WithGRPCWeb()}},
		{"grpc-web JSON/http2", true, []connect.ClientOption{connect.WithGRPCWeb(), connect.WithProtoJSON()}},
	}
}

// bearer sends a token.
func bearer(token string) connect.ClientOption {
	return connect.WithInterceptors(withToken(token))
}

type withToken string

func (t withToken) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (t withToken) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		if t != "" {
			conn.RequestHeader().Set("Authorization", "Bearer "+string(t))
		}
		return conn
	}
}

func (t withToken) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (s server) client(w way, options ...connect.ClientOption) catalogv1connect.ProductServiceClient {
	c := s.Client()
	if w.http2 {
		c = s.h2
	}
	return catalogv1connect.NewProductServiceClient(c, s.URL, append(w.options, options...)...)
}

// watched are the cursors of a stream, and the error at its end.
func watched(ctx context.Context, t *testing.T, c catalogv1connect.ProductServiceClient, cursor string) ([]string, error) {
	t.Helper()
	stream, err := c.WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{Cursor: cursor})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var cursors []string
	for stream.Receive() {
		cursors = append(cursors, stream.Msg().GetCursor())
	}
	return cursors, stream.Err()
}

func TestStreamsOverEveryProtocol(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t)
			cursors, err := watched(t.Context(), t, s.client(w, bearer(goodToken)), "long")
			require.NoError(t, err)
			require.Equal(t, []string{"Ada", strings.Repeat("x", 5000), "last"}, cursors)
			entry := s.lastLog(t)
			require.Equal(t, "ok", entry["code"])
			require.Equal(t, adminID.String(), entry["admin_id"])
			require.EqualValues(t, 3, entry["messages"])
			require.Zero(t, s.tracked.Load(), "the interceptor of the test counts unary calls")
			require.Equal(t, 2, strings.Count(s.log.String(), "\n"), "a line at the beginning and one at the end")
			require.Contains(t, s.log.String(), `"stream opened"`)
		})
	}
}

func TestErrorsOfStreamsReachEveryProtocol(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t)
			for cursor, want := range map[string]struct {
				code   connect.Code
				reason fault.Reason
				sent   []string
			}{
				"gone":                   {connect.CodeNotFound, fault.ProductNotFound, []string{"Ada"}},
				"broken":                 {connect.CodeInternal, fault.InternalError, []string{"Ada"}},
				"leaky":                  {connect.CodeInternal, fault.InternalError, []string{"Ada"}},
				"boom":                   {connect.CodeInternal, fault.InternalError, []string{"Ada"}},
				"unwritable":             {connect.CodeInternal, fault.InternalError, []string{"Ada"}},
				strings.Repeat("x", 257): {connect.CodeInvalidArgument, fault.FieldInvalid, nil},
				"\x00":                   {connect.CodeInvalidArgument, fault.FieldInvalid, nil},
			} {
				cursors, err := watched(t.Context(), t, s.client(w, bearer(goodToken)), cursor)
				code, reason := reasonOf(t, err)
				require.Equal(t, want.code, code, cursor)
				require.Equal(t, want.reason, reason, cursor)
				require.Equal(t, want.sent, cursors, cursor)
				require.NotContains(t, err.Error(), "secret")
				require.NotContains(t, err.Error(), "kaboom")
			}
			s.Close()
			require.Equal(t, 1, strings.Count(s.log.String(), `"stack"`))
			require.Contains(t, s.log.String(), "kaboom")
			require.Equal(t, 5, strings.Count(s.log.String(), `"stream opened"`), "a refused stream was never open")
		})
	}
}

func TestStreamsNeedATokenToo(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t)
			for token, want := range map[string]fault.Reason{"": fault.TokenRequired, "old": fault.TokenExpired} {
				cursors, err := watched(t.Context(), t, s.client(w, bearer(token)), "long")
				code, reason := reasonOf(t, err)
				require.Equal(t, connect.CodeUnauthenticated, code)
				require.Equal(t, want, reason)
				require.Empty(t, cursors)
				require.Equal(t, string(want), s.logged(t)["reason"])
			}
		})
	}
}

// frame is a message as streams and gRPC send it.
func frame(flags byte, data string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(data)))) + data
}

// TestEveryRefusalOfAStreamHasAReason tests the errors that Connect creates itself, in its own protocol; those of gRPC
// do not differ from unary ones.
func TestEveryRefusalOfAStreamHasAReason(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		header []string
		code   string
		reason fault.Reason
	}{
		"not protobuf":             {body: frame(0, "\xff"), code: "invalid_argument", reason: fault.RequestMalformed},
		"cut short":                {body: frame(0, "abc")[:6], code: "invalid_argument", reason: fault.RequestMalformed},
		"no message":               {body: "", code: "unimplemented", reason: fault.ProtocolInvalid},
		"two messages":             {body: frame(0, "") + frame(0, ""), code: "unimplemented", reason: fault.ProtocolInvalid},
		"too large":                {body: frame(0, strings.Repeat("a", 2*limit)), code: "resource_exhausted", reason: fault.RequestTooLarge},
		"gzip bomb":                {body: frame(1, zipped(t, make([]byte, 20*limit))), header: []string{"Connect-Content-Encoding", "gzip"}, code: "resource_exhausted", reason: fault.RequestTooLarge},
		"unknown compression":      {body: frame(0, ""), header: []string{"Connect-Content-Encoding", "rot13"}, code: "unimplemented", reason: fault.ProtocolInvalid},
		"another protocol version": {body: frame(0, ""), header: []string{"Connect-Protocol-Version", "9"}, code: "invalid_argument", reason: fault.RequestMalformed},
		"bad timeout":              {body: frame(0, ""), header: []string{"Connect-Timeout-Ms", "soon"}, code: "invalid_argument", reason: fault.RequestMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			header := slices.Concat(c.header, []string{"Content-Type", "application/connect+proto", "Authorization", "Bearer good"})
			a := s.do(t, http.MethodPost, watch, c.body, header...)
			require.Equal(t, http.StatusOK, a.status)
			require.Equal(t, "application/connect+proto", a.header.Get("Content-Type"))
			var end struct {
				Error json.RawMessage `json:"error"`
			}
			require.NoError(t, json.Unmarshal([]byte(a.body[5:]), &end), a.body)
			a.read(t, end.Error)
			require.Equal(t, c.code, a.code)
			require.Equal(t, string(c.reason), a.reason)
			require.Equal(t, string(c.reason), s.lastLog(t)["reason"])
		})
	}
}

func TestDeadlineOfAStream(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t)
			// The client ends the call too: whoever is first, the code is the same.
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := watched(ctx, t, s.client(w, bearer(goodToken)), "open")
			require.Equal(t, connect.CodeDeadlineExceeded, connect.CodeOf(err))
		})
	}
	s := start(t)
	a := s.do(t, http.MethodPost, watch, frame(0, `{"cursor":"open"}`), "Content-Type", "application/connect+json",
		"Authorization", "Bearer good", "Connect-Timeout-Ms", "50")
	require.Contains(t, a.body, string(fault.DeadlineExceeded))
	require.Equal(t, string(fault.DeadlineExceeded), s.lastLog(t)["reason"])
}

// TestTimeoutsDoNotEndStreams reads a stream for several times as long as a request and a connection may take.
func TestTimeoutsDoNotEndStreams(t *testing.T) {
	const timeout = 500 * time.Millisecond
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := startWith(t, setup{timeout: timeout})
			for !lasts(t, s.client(w, bearer(goodToken)), 3*timeout) {
				t.Log("a busy machine: the stream was not open in time")
			}
		})
	}
}

// lasts reads a stream for a while. Returns false if it was not opened.
func lasts(t *testing.T, c catalogv1connect.ProductServiceClient, while time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := c.WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{Cursor: "beats"})
	require.NoError(t, err)
	defer stream.Close()
	if !stream.Receive() {
		return false
	}
	for begin := time.Now(); time.Since(begin) < while; {
		require.True(t, stream.Receive(), "%v", stream.Err())
	}
	return true
}

func TestStreamsEndWithTheirCaller(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t)
			ctx, cancel := context.WithCancel(t.Context())
			stream, err := s.client(w, bearer(goodToken)).WatchProductChanges(ctx, &catalogv1.WatchProductChangesRequest{Cursor: "open"})
			require.NoError(t, err)
			require.True(t, stream.Receive(), "%v", stream.Err())
			cancel()
			_ = stream.Close() // fails, because it is canceled
			wait.For(t, func() bool { return s.logged(t)["reason"] == string(fault.RequestCanceled) })
		})
	}
}

func TestStreamsEndIfNobodyReads(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := startWith(t, setup{sendTimeout: 50 * time.Millisecond})
			stream, err := s.client(w, bearer(goodToken)).WatchProductChanges(t.Context(), &catalogv1.WatchProductChangesRequest{Cursor: "flood"})
			require.NoError(t, err)
			defer stream.Close()
			wait.For(t, func() bool { return s.logged(t)["reason"] == string(fault.RequestCanceled) })
		})
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t)
			c := s.client(w, bearer(goodToken))
			stream, err := c.WatchProductChanges(t.Context(), &catalogv1.WatchProductChangesRequest{Cursor: "open"})
			require.NoError(t, err)
			require.True(t, stream.Receive(), "%v", stream.Err())
			s.streams.End()
			require.False(t, stream.Receive())
			code, reason := reasonOf(t, stream.Err())
			require.Equal(t, connect.CodeUnavailable, code)
			require.Equal(t, fault.ShuttingDown, reason)
			require.NoError(t, stream.Close())

			_, err = watched(t.Context(), t, c, "long")
			_, reason = reasonOf(t, err)
			require.Equal(t, fault.ShuttingDown, reason, "no new one begins")
			_, err = c.GetProduct(t.Context(), bySKU("a"))
			require.NoError(t, err, "unary calls go on")
		})
	}
}

// logged returns the last line of the access log so far; none yet is empty.
func (s server) logged(t *testing.T) map[string]any {
	t.Helper()
	all := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	var entry map[string]any
	if last := all[len(all)-1]; last != "" {
		require.NoError(t, json.Unmarshal([]byte(last), &entry))
	}
	return entry
}
