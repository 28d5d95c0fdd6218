package rpc

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/telemetry"
	"github.com/zebrands/catalog/test/wait"
)

const (
	intakeLimit = 64 << 10
	batchGet    = "/catalog.v1.ProductService/BatchGetProducts"
)

// skuCounter answers with the number of SKUs that it got, once hold is closed.
type skuCounter struct {
	catalogv1connect.UnimplementedProductServiceHandler

	hold  chan struct{}
	holds *atomic.Int32 // calls that wait for it
}

func (s skuCounter) BatchGetProducts(
	ctx context.Context, req *catalogv1.BatchGetProductsRequest,
) (*catalogv1.BatchGetProductsResponse, error) {
	if req.GetSkus()[0] == "boom" {
		panic("kaboom")
	}
	if s.hold != nil {
		s.holds.Add(1)
		select {
		case <-s.hold:
		case <-ctx.Done():
		}
	}
	name := strconv.Itoa(len(req.GetSkus()))
	return &catalogv1.BatchGetProductsResponse{Products: []*catalogv1.Product{{Name: name}}}, nil
}

// intakeServer is a server with an Intake that tests can look into.
type intakeServer struct {
	*httptest.Server

	intake *Intake
	h2     *http.Client
}

func startIntake(t *testing.T, handler skuCounter, grace time.Duration) intakeServer {
	t.Helper()
	intake := NewIntake(intakeLimit)
	intake.grace = grace
	chain := Chain{MaxRequestBytes: intakeLimit, Authenticate: func(context.Context, string) (auth.Principal, error) {
		return auth.Principal{}, nil
	}}
	path, service := catalogv1connect.NewProductServiceHandler(handler, chain.HandlerOptions()...)
	mux := http.NewServeMux()
	mux.Handle(path, Transport(intakeLimit, service))
	observer := Observer{Log: telemetry.NewLogger(io.Discard, slog.LevelInfo, true)}
	s := httptest.NewUnstartedServer(observer.Wrap(intake.Wrap(mux)))
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.Config.Protocols = protocols
	s.Start()
	t.Cleanup(s.Close)
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	return intakeServer{s, intake, &http.Client{Transport: &http.Transport{Protocols: h2}}}
}

// isIdle reports whether nothing is reserved.
func (s intakeServer) isIdle() bool {
	s.intake.budget.mu.Lock()
	defer s.intake.budget.mu.Unlock()
	return s.intake.budget.left == networkShares*s.intake.budget.share && len(s.intake.budget.taken) == 0
}

// skus returns a request for n products.
func skus(n int, sku string) *catalogv1.BatchGetProductsRequest {
	req := &catalogv1.BatchGetProductsRequest{}
	for range n {
		req.Skus = append(req.Skus, sku)
	}
	return req
}

func zip(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// clients are the ways to send a request.
func (s intakeServer) clients() map[string]catalogv1connect.ProductServiceClient {
	gzipped := connect.WithSendGzip()
	clients := map[string]catalogv1connect.ProductServiceClient{}
	for name, options := range map[string][]connect.ClientOption{
		"Connect": nil, "JSON": {connect.WithProtoJSON()}, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
		"gRPC in JSON": {connect.WithGRPC(), connect.WithProtoJSON()}, "GET": {connect.WithHTTPGet()},
		"GET in JSON": {connect.WithHTTPGet(), connect.WithProtoJSON()},
	} {
		clients[name] = catalogv1connect.NewProductServiceClient(s.h2, s.URL, options...)
		clients[name+" in gzip"] = catalogv1connect.NewProductServiceClient(s.h2, s.URL, append(options, gzipped)...)
	}
	return clients
}

func detailsOf(t *testing.T, err error) (reason, field string, retry bool) {
	t.Helper()
	var e *connect.Error
	require.ErrorAs(t, err, &e)
	for _, d := range e.Details() {
		m, err := d.Value()
		require.NoError(t, err)
		switch m := m.(type) {
		case *errdetails.ErrorInfo:
			reason = m.GetReason()
		case *errdetails.BadRequest:
			field = m.GetFieldViolations()[0].GetField() + " " + m.GetFieldViolations()[0].GetReason()
		case *errdetails.RetryInfo:
			retry = true
		}
	}
	return reason, field, retry
}

func TestListsAreBoundedInEveryProtocol(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	for name, client := range s.clients() {
		t.Run(name, func(t *testing.T) {
			res, err := client.BatchGetProducts(t.Context(), skus(1000, "abc"))
			require.NoError(t, err)
			require.Equal(t, "1000", res.GetProducts()[0].GetName())
			_, err = client.BatchGetProducts(t.Context(), skus(1001, "abc"))
			require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "%v", err)
			reason, field, _ := detailsOf(t, err)
			require.Equal(t, string(fault.FieldInvalid), reason)
			if !strings.HasPrefix(name, "GET") { // which is as small as its URL, and checked when it is decoded
				require.Equal(t, "skus TOO_MANY", field)
			}
			_, err = client.BatchGetProducts(t.Context(), skus(300, strings.Repeat("x", 300)))
			reason, _, _ = detailsOf(t, err)
			require.Equal(t, string(fault.RequestTooLarge), reason)
		})
	}
	s.Close()
	require.True(t, s.isIdle())
}

// TestDecodersSeeNoBomb sends requests of which a decoder would make a thousand times their size.
func TestDecodersSeeNoBomb(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	asProto := zip(t, bytes.Repeat([]byte{0x12, 0}, intakeLimit/2))
	asJSON := zip(t, []byte(`{"skus":[`+strings.Repeat(`"",`, intakeLimit/4)+`""]}`))
	query := url.Values{
		"encoding": {"proto"}, "compression": {"gzip"}, "base64": {"1"},
		"message": {base64.URLEncoding.EncodeToString(asProto)},
	}.Encode()
	for name, send := range map[string]func() (*http.Request, error){
		"protobuf": func() (*http.Request, error) { return posted(t, s.URL, "application/proto", asProto) },
		"JSON":     func() (*http.Request, error) { return posted(t, s.URL, "application/json; charset=utf-8", asJSON) },
		"GET": func() (*http.Request, error) {
			return http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+batchGet+"?"+query, http.NoBody)
		},
		"GET with an escaped name": func() (*http.Request, error) {
			escaped := strings.Replace(query, "compression=", "com%70ression=", 1)
			return http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+batchGet+"?"+escaped, http.NoBody)
		},
	} {
		req, err := send()
		require.NoError(t, err)
		res, err := s.Client().Do(req)
		require.NoError(t, err)
		require.Equal(t, fault.FieldInvalid, reasonIn(t, res), name)
	}
}

// TestCompressedGETsAreUnpackedAfterTheGate sends lists that are too deep.
func TestCompressedGETsAreUnpackedAfterTheGate(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	deep := zip(t, []byte(`{"skus":`+strings.Repeat("[", 200)))
	for name, c := range map[string]struct {
		method, encoding, authorization string
		want                            fault.Reason
		text                            string
	}{
		"a method that writes": {"CreateProduct", "json", "", fault.ProtocolInvalid, "use POST"},
		"anonymous":            {"ListProductChanges", "json", "", fault.TokenRequired, "sign in"},
		"administrator":        {"ListProductChanges", "json", "Bearer any", fault.RequestMalformed, "levels deep"},
		"public":               {"BatchGetProducts", "json", "", fault.RequestMalformed, "levels deep"},
		"public, a charset":    {"BatchGetProducts", "json; charset=utf-8", "", fault.RequestMalformed, "levels deep"},
	} {
		query := url.Values{
			"encoding": {c.encoding}, "compression": {"gzip"}, "base64": {"1"},
			"message": {base64.URLEncoding.EncodeToString(deep)},
		}.Encode() + "&broken=%zz" // which Connect ignores
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			s.URL+"/catalog.v1.ProductService/"+c.method+"?"+query, http.NoBody)
		require.NoError(t, err)
		if c.authorization != "" {
			req.Header.Set("Authorization", c.authorization)
		}
		res, err := s.Client().Do(req)
		require.NoError(t, err)
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, errors.Join(err, res.Body.Close()))
		require.Contains(t, string(raw), c.text, name)
		res.Body = io.NopCloser(bytes.NewReader(raw))
		require.Equal(t, c.want, reasonIn(t, res), name)
	}
}

// TestFramesHaveKnownFlags sends a bomb behind flags that Connect decompresses by, or takes for trailers.
func TestFramesHaveKnownFlags(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	bomb := zip(t, bytes.Repeat([]byte{0x12, 0}, intakeLimit/2))
	for _, contentType := range []string{"application/grpc", "application/grpc-web+proto"} {
		for flags, want := range map[byte]fault.Reason{
			1: fault.FieldInvalid, 2: fault.RequestMalformed, 3: fault.RequestMalformed,
			0x80: fault.RequestMalformed, 0x81: fault.RequestMalformed,
		} {
			framed := append(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(bomb))), bomb...)
			req, err := posted(t, s.URL, contentType, framed)
			require.NoError(t, err)
			req.Header.Del("Content-Encoding")
			req.Header.Set("Grpc-Encoding", "gzip")
			res, err := s.h2.Do(req)
			require.NoError(t, err)
			_, err = io.ReadAll(res.Body)
			require.NoError(t, errors.Join(err, res.Body.Close()))
			header := res.Header
			if res.Trailer.Get("Grpc-Status") != "" {
				header = res.Trailer
			}
			details, err := connect.DecodeBinaryHeader(header.Get("Grpc-Status-Details-Bin"))
			require.NoError(t, err)
			require.Contains(t, string(details), string(want), "%s %#x", contentType, flags)
			if want == fault.RequestMalformed {
				require.Contains(t, header.Get("Grpc-Message"), "flags")
			}
		}
	}
}

func posted(t *testing.T, base, contentType string, packed []byte) (*http.Request, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+batchGet, bytes.NewReader(packed))
	if err == nil {
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Content-Encoding", "gzip")
	}
	return req, err
}

// reasonIn returns the reason in a response of Connect; empty if it is no error.
func reasonIn(t *testing.T, res *http.Response) fault.Reason {
	t.Helper()
	defer res.Body.Close()
	var body struct {
		Details []struct {
			Debug struct {
				Reason string `json:"reason"`
			} `json:"debug"`
		} `json:"details"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&body))
	for _, d := range body.Details {
		if d.Debug.Reason != "" {
			return fault.Reason(d.Debug.Reason)
		}
	}
	return ""
}

// large is a request that is larger than what is free, with its size.
func large(t *testing.T) []byte {
	t.Helper()
	data, err := protojson.Marshal(skus(200, strings.Repeat("x", 200)))
	require.NoError(t, err)
	return data
}

// TestTheBudgetIsShared holds requests until the share of one network is spent.
func TestTheBudgetIsShared(t *testing.T) {
	hold, holds := make(chan struct{}), &atomic.Int32{}
	s := startIntake(t, skuCounter{hold: hold, holds: holds}, bodyGrace)
	body := large(t)
	statuses, held := make(chan int), 0
	send := func() {
		res, err := s.post(t.Context(), body)
		if err != nil {
			statuses <- 0
			return
		}
		_ = res.Body.Close()
		statuses <- res.StatusCode
	}
	status := 0
	for status == 0 {
		go send()
		held++
		wait.For(t, func() bool {
			select {
			case status = <-statuses:
				return true
			default:
				return int(holds.Load()) == held
			}
		})
	}
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Greater(t, held, 1)
	res, err := s.post(t.Context(), body)
	require.NoError(t, err)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	require.Equal(t, fault.ServerOverloaded, reasonIn(t, res))
	grpc := catalogv1connect.NewProductServiceClient(s.h2, s.URL, connect.WithGRPC(), connect.WithSendGzip())
	_, err = grpc.BatchGetProducts(t.Context(), skus(200, strings.Repeat("x", 200)))
	reason, _, retry := detailsOf(t, err)
	require.Equal(t, string(fault.ServerOverloaded), reason)
	require.True(t, retry)
	close(hold)
	for range held - 1 {
		require.Equal(t, http.StatusOK, <-statuses)
	}
	_, err = grpc.BatchGetProducts(t.Context(), skus(200, strings.Repeat("x", 200)))
	require.NoError(t, err)
	s.Close()
	require.True(t, s.isIdle())
}

func (s intakeServer) post(ctx context.Context, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+batchGet, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return s.Client().Do(req)
}

func TestSmallRequestsNeedNoBudget(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	require.True(t, s.intake.budget.take(payer{network: "another"}, s.intake.budget.share))
	require.True(t, s.intake.budget.take(payer{network: "and another"}, s.intake.budget.share))
	for name, client := range s.clients() {
		_, err := client.BatchGetProducts(t.Context(), skus(10, "abc"))
		require.NoError(t, err, name)
		if strings.HasPrefix(name, "GET") {
			continue // it is as small as its URL
		}
		_, err = client.BatchGetProducts(t.Context(), skus(200, strings.Repeat("x", 200)))
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), "%s: %v", name, err)
	}
}

func TestAnotherNetworkHasAShareOfItsOwn(t *testing.T) {
	b := newBudget(100)
	require.True(t, b.take(payer{network: "a"}, 30))
	require.False(t, b.take(payer{network: "a"}, 30))
	require.True(t, b.take(payer{network: "a"}, 20))
	require.True(t, b.take(payer{network: "b"}, 50))
	require.False(t, b.take(payer{network: "c"}, 1))
	b.give(payer{network: "a"}, 50)
	require.True(t, b.take(payer{network: "c"}, 50))
	b.give(payer{network: "b"}, 50)
	b.give(payer{network: "c"}, 50)
	require.EqualValues(t, 100, b.left)
	require.Empty(t, b.taken)
}

func TestAnonymousCallersLeaveHalfOfTheBudget(t *testing.T) {
	b := newBudget(100)
	a, c, d := payer{"a", true}, payer{"c", true}, payer{"d", true}
	require.True(t, b.take(a, 25))
	require.False(t, b.take(a, 1), "another network has a share of its own")
	require.True(t, b.take(c, 25))
	require.False(t, b.take(d, 1))
	require.True(t, b.take(payer{network: "a"}, 50), "a caller with a token has the other half, in any network")
	b.give(a, 25)
	require.True(t, b.take(d, 25))
	b.give(c, 25)
	require.True(t, b.take(payer{network: "b"}, 25), "and what anonymous callers do not take")
	require.False(t, b.take(c, 25))
	b.give(d, 25)
	b.give(payer{network: "a"}, 50)
	b.give(payer{network: "b"}, 25)
	require.EqualValues(t, 100, b.left)
	require.EqualValues(t, 50, b.anonymous)
	require.Empty(t, b.taken)
}

// TestStrangersDoNotSpendTheBudgetOfAdministrators sends a large request with a token and one without.
func TestStrangersDoNotSpendTheBudgetOfAdministrators(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	budget := s.intake.budget
	for _, network := range []string{"another", "and another"} {
		require.True(t, budget.take(payer{network, true}, budget.share/networkShares))
	}
	for token, want := range map[string]int{"": http.StatusTooManyRequests, "Bearer any": http.StatusOK} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+batchGet, bytes.NewReader(large(t)))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		res, err := s.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode, token)
	}
}

func TestTheBudgetIsReturnedHoweverARequestEnds(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	panics := skus(200, strings.Repeat("x", 200))
	panics.Skus[0] = "boom"
	boom, err := protojson.Marshal(panics)
	require.NoError(t, err)
	for name, body := range map[string][]byte{
		"answered": large(t), "panic": boom, "malformed": append(large(t), '!'), "invalid": bytes.Replace(large(t), []byte("x"), []byte("\\u0000"), 1),
	} {
		res, err := s.post(t.Context(), body)
		require.NoError(t, err, name)
		require.NoError(t, res.Body.Close(), name)
	}
	for _, head := range []string{"", "Content-Encoding: gzip\r\n"} { // and hang up
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
		require.NoError(t, err)
		body := large(t)
		if head != "" {
			body = zip(t, body)
		}
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n%sContent-Length: 60000\r\n\r\n%s",
			batchGet, head, body)
		require.NoError(t, err)
		wait.For(t, func() bool { return !s.isIdle() })
		require.NoError(t, conn.Close())
		wait.For(t, s.isIdle)
	}
	s.Close()
	require.True(t, s.isIdle())
}

// TestBodiesMustNotStall sends all of a body but its last byte.
func TestBodiesMustNotStall(t *testing.T) {
	s := startIntake(t, skuCounter{}, 50*time.Millisecond)
	body := large(t)
	framed := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(body))), zip(t, body)...)
	for name, c := range map[string]struct {
		client *http.Client
		header []string
		body   []byte
	}{
		"HTTP/1.1": {s.Client(), nil, body},
		"HTTP/2":   {s.h2, nil, body},
		"gzip":     {s.Client(), []string{"Content-Encoding", "gzip"}, zip(t, body)},
		"frame":    {s.h2, []string{"Content-Type", "application/connect+json", "Connect-Content-Encoding", "gzip"}, framed},
	} {
		t.Run(name, func(t *testing.T) {
			stalled, never := io.Pipe()
			req, err := http.NewRequestWithContext(wait.Context(t), http.MethodPost, s.URL+batchGet,
				io.MultiReader(bytes.NewReader(c.body[:len(c.body)-1]), stalled))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			if name == "frame" {
				req.URL.Path = "/catalog.v1.ProductService/WatchProductChanges"
				req.Header.Set("Authorization", "Bearer any")
			}
			for i := 0; i < len(c.header); i += 2 {
				req.Header.Set(c.header[i], c.header[i+1])
			}
			res, err := c.client.Do(req)
			require.NoError(t, never.Close())
			require.NoError(t, err)
			raw, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Contains(t, string(raw), "arrived too slowly")
			require.Contains(t, string(raw), string(fault.DeadlineExceeded))
			wait.For(t, s.isIdle)
		})
	}
}

// TestASlowHandlerIsNotABodyThatStalls holds a request for longer than a body may pause.
func TestASlowHandlerIsNotABodyThatStalls(t *testing.T) {
	hold, holds := make(chan struct{}), &atomic.Int32{}
	s := startIntake(t, skuCounter{hold: hold, holds: holds}, 50*time.Millisecond)
	answers := make(chan error, 2)
	for _, client := range []*http.Client{s.Client(), s.h2} {
		go func() {
			products := catalogv1connect.NewProductServiceClient(client, s.URL)
			_, err := products.BatchGetProducts(wait.Context(t), skus(200, strings.Repeat("x", 200)))
			answers <- err
		}()
	}
	wait.For(t, func() bool { return holds.Load() == 2 })
	stalled, never := io.Pipe()
	req, err := http.NewRequestWithContext(wait.Context(t), http.MethodPost, s.URL+batchGet, stalled)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.h2.Do(req) // which takes that long
	require.NoError(t, never.Close())
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusGatewayTimeout, res.StatusCode)
	close(hold)
	require.NoError(t, <-answers)
	require.NoError(t, <-answers)
}

// TestConnectionsAreUsedAgain sends requests one after the other on one connection, also after a refusal.
func TestConnectionsAreUsedAgain(t *testing.T) {
	s := startIntake(t, skuCounter{}, bodyGrace)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	many, err := protojson.Marshal(skus(1001, "abc"))
	require.NoError(t, err)
	for _, body := range [][]byte{large(t), many, large(t)} {
		_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			batchGet, len(body), body)
		require.NoError(t, err)
		res, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, errors.Join(err, res.Body.Close()))
		require.False(t, res.Close)
	}
}

func BenchmarkIntake(b *testing.B) {
	get := []byte(`{"skus":["MAT-1"]}`)
	for name, body := range map[string][]byte{"small": get} {
		for _, wrapped := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/wrapped=%v", name, wrapped), func(b *testing.B) {
				intake := NewIntake(intakeLimit)
				chain := Chain{MaxRequestBytes: intakeLimit}
				_, service := catalogv1connect.NewProductServiceHandler(skuCounter{}, chain.HandlerOptions()...)
				handler := Transport(intakeLimit, service)
				if wrapped {
					handler = intake.Wrap(handler)
				}
				handler = Observer{Log: telemetry.NewLogger(io.Discard, slog.LevelError, true)}.Wrap(handler)
				b.ReportAllocs()
				for b.Loop() {
					req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, batchGet, bytes.NewReader(body))
					req.Header.Set("Content-Type", "application/json")
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, req)
					require.Equal(b, http.StatusOK, w.Code)
				}
			})
		}
	}
}
