package wire_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/wire"
)

func product(sku string) *catalogv1.GetProductResponse {
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{
		Sku: sku, Attributes: map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"},
	}}
}

func decode(t *testing.T, f wire.Format, body []byte) *catalogv1.GetProductResponse {
	t.Helper()
	got := &catalogv1.GetProductResponse{}
	if f == wire.Binary {
		require.NoError(t, proto.Unmarshal(body, got))
	} else {
		require.NoError(t, protojson.Unmarshal(body, got))
	}
	return got
}

func TestAnswersAreEncodedOnce(t *testing.T) {
	want := product("a")
	answer := wire.NewAnswer(want)
	require.Same(t, want, answer.Message())
	var digests []string
	for _, f := range []wire.Format{wire.JSON, wire.Binary} {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if _, err := answer.Encode(f); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		first, err := answer.Encode(f)
		require.NoError(t, err)
		second, err := answer.Encode(f)
		require.NoError(t, err)
		require.Same(t, first, second)
		require.True(t, proto.Equal(want, decode(t, f, first.Body)))
		require.Equal(t, wire.Digest(first.Body), first.Digest())
		require.Regexp(t, `^[A-Za-z0-9_-]{22}$`, first.Digest())
		digests = append(digests, first.Digest())

		for range 20 { // maps have no order of their own
			other, err := f.Append(nil, product("a"))
			require.NoError(t, err)
			require.Equal(t, first.Body, other)
		}
		others, err := wire.NewAnswer(product("b")).Encode(f)
		require.NoError(t, err)
		require.NotEqual(t, first.Digest(), others.Digest())
	}
	require.NotEqual(t, digests[0], digests[1])
}

// Bodies grow in buffers that are used again.
func TestAnswersKeepTheirBodies(t *testing.T) {
	short, err := wire.NewAnswer(product("short")).Encode(wire.JSON)
	require.NoError(t, err)
	for range 10 {
		_, err := wire.NewAnswer(product(strings.Repeat("long", 100))).Encode(wire.JSON)
		require.NoError(t, err)
	}
	require.Equal(t, "short", decode(t, wire.JSON, short.Body).GetProduct().GetSku())
}

func TestEncodingFails(t *testing.T) {
	answer := wire.NewAnswer(product("\xff"))
	for _, f := range []wire.Format{wire.JSON, wire.Binary} {
		_, err := answer.Encode(f)
		require.ErrorContains(t, err, "encode catalog.v1.GetProductResponse: ")
	}
}

func TestGive(t *testing.T) {
	answer := wire.NewAnswer(product("a"))
	require.Same(t, answer.Message(), answer.Give(t.Context()), "nobody expects it")

	ctx, given := wire.Expect(t.Context())
	require.Nil(t, given.Answer)
	require.Same(t, answer.Message(), answer.Give(context.WithoutCancel(ctx)))
	require.Same(t, answer, given.Answer)
}
