package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

const (
	// flooders is how many hostile requests are sent at once.
	flooders = 200
	// floodMemory is what the process may have at most, with 512 MiB and GOMEMLIMIT=450MiB.
	floodMemory = 420 << 20
	requestMax  = 4 << 20
	batchGet    = "/catalog.v1.ProductService/BatchGetProducts"
	batchUpdate = "/catalog.v1.ProductService/BatchUpdateProducts"
)

// flood is a kind of hostile request.
type flood struct {
	name string
	send func(ctx context.Context, s *server) (status int, err error)
}

// floods are requests by anonymous callers that took hundreds of megabytes.
func floods(t *testing.T) []flood {
	t.Helper()
	fill := func(head, item, tail string) []byte {
		n := (requestMax - len(head) - len(tail)) / len(item)
		return []byte(head + strings.Repeat(item, n) + tail)
	}
	emptyUpdates := fill("", "\x0a\x00", "")
	emptyUpdatesJSON := fill(`{"requests":[`, `{},`, `{}]}`)
	emptySKUs := fill("", "\x12\x00", "")
	emptySKUsJSON := fill(`{"skus":[`, `"",`, `""]}`)
	longSKU := strings.Repeat("x", requestMax/1000-10)
	longSKUs := []byte(`{"skus":[` + strings.Repeat(`"`+longSKU+`",`, 999) + `"` + longSKU + `"]}`)
	const asProto, asJSON = "application/proto", "application/json"
	kinds := []flood{
		{"BatchUpdateProducts in protobuf", bomb(t, batchUpdate, asProto, emptyUpdates)},
		{"BatchUpdateProducts in JSON", bomb(t, batchUpdate, asJSON, emptyUpdatesJSON)},
		{"BatchGetProducts in protobuf", bomb(t, batchGet, asProto, emptySKUs)},
		{"BatchGetProducts in JSON", bomb(t, batchGet, asJSON, emptySKUsJSON)},
		{"long texts", bomb(t, batchGet, asJSON, longSKUs)},
		{"gRPC", grpcBomb(t, batchGet, emptySKUs)},
		{"long texts in gRPC-Web", grpcWebBomb(t, batchGet, longSKUs)},
		{"GET", getBomb(t, emptySKUs)},
		{"stalled body over HTTP/1.1", stallHTTP1},
		{"stalled body over HTTP/2", stallHTTP2},
	}
	return kinds
}

func packed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// framed returns a compressed message in a frame of gRPC.
func framed(message []byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte{1}, uint32(len(message)))
	return append(head, message...)
}

type sender = func(ctx context.Context, s *server) (int, error)

func bomb(t *testing.T, path, contentType string, message []byte) sender {
	t.Helper()
	return post(http1, path, packed(t, message), "Content-Type", contentType, "Content-Encoding", "gzip")
}

func grpcBomb(t *testing.T, path string, message []byte) sender {
	t.Helper()
	return post(http2, path, framed(packed(t, message)), "Content-Type", "application/grpc", "Grpc-Encoding", "gzip")
}

func grpcWebBomb(t *testing.T, path string, message []byte) sender {
	t.Helper()
	return post(http1, path, framed(packed(t, message)),
		"Content-Type", "application/grpc-web+json", "Grpc-Encoding", "gzip")
}

func getBomb(t *testing.T, message []byte) sender {
	t.Helper()
	query := url.Values{
		"connect": {"v1"}, "encoding": {"proto"}, "compression": {"gzip"}, "base64": {"1"},
		"message": {base64.RawURLEncoding.EncodeToString(packed(t, message))},
	}
	return func(ctx context.Context, s *server) (int, error) {
		return send(ctx, http1, http.MethodGet, s.base+batchGet+"?"+query.Encode(), http.NoBody)
	}
}

func post(client *http.Client, path string, body []byte, header ...string) sender {
	return func(ctx context.Context, s *server) (int, error) {
		return send(ctx, client, http.MethodPost, s.base+path, bytes.NewReader(body), header...)
	}
}

func send(
	ctx context.Context, client *http.Client, method, address string, body io.Reader, header ...string,
) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return 0, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// unended is a valid request but for its last byte.
var unended = `{"skus":["` + strings.Repeat("x", requestMax-len(`{"skus":[""]}`)) + `"]`

// stallHTTP1 sends all of a body but its last byte, and waits for the answer.
func stallHTTP1(ctx context.Context, s *server) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: catalog\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		batchGet, requestMax, unended)
	if err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// stallHTTP2 does the same in a stream of a connection that all share.
func stallHTTP2(ctx context.Context, s *server) (int, error) {
	stalled, w := io.Pipe()
	body := io.MultiReader(strings.NewReader(unended), stalled)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.h2c+batchGet, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http2.Do(req)
	_ = w.Close() // never fails; closing the answer waits for it
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// slim returns the program without the race detector, which takes memory of its own.
var slim = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(programDir, "slim-")
	if err != nil {
		return "", err
	}
	return fleet.BuildSlim(context.Background(), dir)
})

// TestFloodsByStrangersTakeLittleMemory sends many hostile requests at once, and ordinary ones meanwhile.
func TestFloodsByStrangersTakeLittleMemory(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		for _, kind := range floods(t) {
			t.Run(dialect+"/"+kind.name, func(t *testing.T) {
				s := prepareProgram(t, slim, t.TempDir(), "GOMEMLIMIT=450MiB", "CATALOG_DATABASE_URL="+dbtest.URL(t, dialect))
				s.start(t)
				kind.test(t, s)
			})
		}
	}
}

func (f flood) test(t *testing.T, s *server) {
	t.Helper()
	ctx := wait.Context(t)
	var done sync.WaitGroup
	var left atomic.Int64
	left.Store(flooders)
	answers := make([]string, flooders)
	for i := range flooders {
		done.Go(func() {
			defer left.Add(-1)
			status, err := f.send(ctx, s)
			answers[i] = fmt.Sprint(status, " ", err)
		})
	}
	for served := 0; served == 0 || left.Load() > 0; served++ {
		status, err := send(ctx, http1, http.MethodPost, s.base+"/catalog.v1.ProductService/ListProducts",
			strings.NewReader(`{"pageSize": 10}`), "Content-Type", "application/json")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status, "another caller")
	}
	done.Wait()
	peak, err := s.process.PeakMemory()
	require.NoError(t, err)
	counts := map[string]int{}
	for _, answer := range answers {
		counts[answer]++
	}
	t.Logf("%d MiB; %v", peak>>20, counts)
	require.Less(t, peak, int64(floodMemory), "%d MiB", peak>>20)
}
