package rpc_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	create      = "/catalog.v1.ProductService/CreateProduct"
	createAdmin = "/catalog.v1.AdminService/CreateAdmin"
)

// refusals are calls that are refused by their headers.
var refusals = map[string]struct {
	path, contentType, authorization string
	reason                           fault.Reason
}{
	"anonymous":                  {create, "application/json", "", fault.TokenRequired},
	"bad token":                  {create, "application/json", "Bearer old", fault.TokenExpired},
	"bad token, public":          {getProduct, "application/json", "Bearer old", fault.TokenExpired},
	"binary":                     {create, "application/proto", "", fault.TokenRequired},
	"gRPC-Web":                   {create, "application/grpc-web+proto", "", fault.TokenRequired},
	"gRPC":                       {create, "application/grpc", "", fault.TokenRequired},
	"stream":                     {watch, "application/connect+json", "", fault.TokenRequired},
	"stream of gRPC, bad token":  {watch, "application/grpc", "Bearer old", fault.TokenExpired},
	"stale, gRPC":                {createAdmin, "application/grpc", "Bearer good", fault.ReauthenticationRequired},
	"stale":                      {createAdmin, "application/json", "Bearer good", fault.ReauthenticationRequired},
	"unknown method":             {"/catalog.v1.ProductService/Nope", "application/json", "", fault.MethodNotFound},
	"unknown method of a stream": {"/catalog.v1.ProductService/Nope", "application/connect+json", "", fault.MethodNotFound},
}

// watchedListener notes whether the server waits in vain for the rest of a request, before it responds.
type watchedListener struct {
	net.Listener

	waits *atomic.Bool
}

func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &watchedConn{Conn: conn, waits: l.waits}, err
}

type watchedConn struct {
	net.Conn

	waits *atomic.Bool
	wrote atomic.Bool
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.wrote.Load() {
		c.waits.Store(true)
	}
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.wrote.Store(true)
	return c.Conn.Write(p)
}

// TestRefusalsDoNotWaitForTheBody sends headers and never a body.
func TestRefusalsDoNotWaitForTheBody(t *testing.T) {
	for name, c := range refusals {
		for _, extra := range []string{
			"Content-Length: 5000", "Transfer-Encoding: chunked", "Content-Length: 5000\r\nContent-Encoding: gzip",
			"Content-Length: 5000\r\nExpect: 100-continue", "Content-Length: 5000\r\nConnect-Content-Encoding: gzip\r\nGrpc-Encoding: gzip",
		} {
			t.Run(name+"/"+extra, func(t *testing.T) {
				var waits atomic.Bool
				s := startWith(t, setup{listener: func(l net.Listener) net.Listener { return watchedListener{l, &waits} }})
				conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
				require.NoError(t, err)
				head := "POST " + c.path + " HTTP/1.1\r\nHost: catalog\r\nContent-Type: " + c.contentType + "\r\n" + extra + "\r\n"
				if c.authorization != "" {
					head += "Authorization: " + c.authorization + "\r\n"
				}
				_, err = io.WriteString(conn, head+"\r\n")
				require.NoError(t, err)
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				defer res.Body.Close()
				require.NotEqual(t, http.StatusContinue, res.StatusCode)
				require.False(t, waits.Load(), "the response waits until the server gives the body up")
				require.True(t, res.Close, "what follows could not be told from another request")
				_, err = io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, conn.Close())
				require.Equal(t, string(c.reason), s.lastLog(t)["reason"])
			})
		}
		t.Run(name+"/HTTP2", func(t *testing.T) {
			var seen drained
			s := startWith(t, setup{outermost: seen.wrap})
			body, never := io.Pipe()
			defer never.Close()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+c.path, body)
			require.NoError(t, err)
			req.Header.Set("Content-Type", c.contentType)
			if c.authorization != "" {
				req.Header.Set("Authorization", c.authorization)
			}
			res, err := s.h2.Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			_, err = io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, string(c.reason), s.lastLog(t)["reason"])
			require.True(t, seen.flushed, "the response is sent before the body is read")
		})
	}
}

// drained is what a server did with a request whose body it did not need.
type drained struct {
	http.ResponseWriter
	io.ReadCloser

	flushed  bool // before the body was read
	reading  bool
	read     int
	deadline time.Duration // the longest from the start of reading
}

func (d *drained) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.ResponseWriter, d.ReadCloser = w, r.Body
		r.Body = d
		next.ServeHTTP(d, r)
	})
}

func (d *drained) Flush() {
	d.flushed = d.flushed || !d.reading
	_ = http.NewResponseController(d.ResponseWriter).Flush()
}

func (d *drained) SetReadDeadline(t time.Time) error {
	d.deadline = max(d.deadline, time.Until(t))
	return http.NewResponseController(d.ResponseWriter).SetReadDeadline(t) //nolint:wrapcheck // as it is
}

func (d *drained) Read(p []byte) (int, error) {
	d.reading = true
	n, err := d.ReadCloser.Read(p)
	d.read += n
	return n, err //nolint:wrapcheck // as it is
}

// TestTheDrainIsBounded sends a body that is larger than the drain, and that the scanner of requests refuses.
func TestTheDrainIsBounded(t *testing.T) {
	var seen drained
	s := startWith(t, setup{outermost: seen.wrap})
	body := strings.Repeat("[", 3*limit)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+create, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.h2.Do(req)
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body) // until the server is done
	require.NoError(t, errors.Join(err, res.Body.Close()))
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	require.Equal(t, string(fault.TokenRequired), s.lastLog(t)["reason"])
	require.Positive(t, seen.read)
	require.LessOrEqual(t, seen.read, 64<<10)
	require.LessOrEqual(t, seen.deadline, time.Second)
}

// TestRefusalsReachCallersThatSendFirst sends a body that is larger than the buffers of a connection before it reads.
func TestRefusalsReachCallersThatSendFirst(t *testing.T) {
	for _, size := range []int{0, 100, 200_000} {
		a := start(t).do(t, http.MethodPost, create, strings.Repeat(" ", size), "Content-Type", "application/json")
		require.Equal(t, http.StatusUnauthorized, a.status)
		require.Equal(t, string(fault.TokenRequired), a.reason)
	}
}

func TestIfMatchIsRefused(t *testing.T) {
	for _, path := range []string{getProduct, create} {
		s := start(t)
		a := s.do(t, http.MethodPost, path, "{}", "Content-Type", "application/json", "Authorization", "Bearer good", "If-Match", "*")
		require.Equal(t, http.StatusBadRequest, a.status)
		require.Equal(t, string(fault.IfMatchUnsupported), a.reason)
	}
	s := start(t)
	a := s.do(t, http.MethodPost, create, "{}", "Content-Type", "application/json", "If-Match", "*")
	require.Equal(t, string(fault.TokenRequired), a.reason, "only who may call learns what to change")
}

// TestRefusalsThatNoClientOfGRPCReads tests requests that are gRPC only by their Content-Type.
func TestRefusalsThatNoClientOfGRPCReads(t *testing.T) {
	for _, size := range []int{0, 50 * limit} {
		s := start(t)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+getProduct, strings.NewReader(strings.Repeat("a", size)))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/grpc")
		res, err := s.h2.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Empty(t, body)
		want, status := fault.ProtocolInvalid, http.StatusMethodNotAllowed
		if size > 0 {
			want, status = fault.RequestTooLarge, http.StatusRequestEntityTooLarge
		}
		require.Equal(t, status, res.StatusCode)
		require.Equal(t, string(want), s.lastLog(t)["reason"])
	}
}

func TestAPanicOfTheGateIsAnInternalError(t *testing.T) {
	s := start(t)
	a := s.do(t, http.MethodPost, create, "{}", "Content-Type", "application/json", "Authorization", "Bearer boom")
	require.Equal(t, http.StatusInternalServerError, a.status)
	require.Equal(t, string(fault.InternalError), a.reason)
	entry := s.lastLog(t)
	require.Equal(t, "panic: kaboom", entry["cause"])
	require.Contains(t, entry["stack"], "gate")
}

// A refused HTTP/2 request whose body comes after the response's headers is not reset: proxies would count a failure.
func TestRefusalsOverHTTP2EndInGoodOrder(t *testing.T) {
	s := start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	require.NoError(t, framer.WriteSettings())
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	for _, field := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", create},
		{":authority", "catalog"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
	} {
		require.NoError(t, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	require.NoError(t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndHeaders: true}))
	for ended := false; !ended; {
		frame, err := framer.ReadFrame()
		require.NoError(t, err)
		switch f := frame.(type) {
		case *http2.RSTStreamFrame:
			require.Fail(t, "the stream was reset", f.ErrCode.String())
		case *http2.MetaHeadersFrame:
			if ended = f.StreamEnded(); !ended { // the headers; trailers end it
				require.NoError(t, framer.WriteData(1, true, make([]byte, 5)))
			}
		}
	}
	require.NoError(t, framer.WritePing(false, [8]byte{1}))
	for { // whatever comes behind the response comes before the answer
		frame, err := framer.ReadFrame()
		require.NoError(t, err)
		require.NotEqual(t, http2.FrameRSTStream, frame.Header().Type)
		if frame.Header().Type == http2.FramePing {
			return
		}
	}
}
