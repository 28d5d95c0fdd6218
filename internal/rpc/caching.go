package rpc

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
)

// marshalStable makes the bytes of an answer to a GET, by the name of the codec. The same message
// always becomes the same bytes, as long as the program is the same.
var marshalStable = map[string]func([]byte, proto.Message) ([]byte, error){
	"json":                marshalJSON.MarshalAppend,
	"json; charset=utf-8": marshalJSON.MarshalAppend,
	"proto":               proto.MarshalOptions{Deterministic: true}.MarshalAppend,
}

// buffers are what answers grow in.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// caching gives every answer to a GET a strong entity tag, and says who may keep it for how long.
// Whoever has it already (If-None-Match) gets 304 and no body. It stands outside of what tracks, so
// that such a read counts like any other.
func caching(readMaxAge time.Duration) connect.UnaryInterceptorFunc {
	anonymous := "public, no-cache"
	if readMaxAge > 0 {
		anonymous = "public, max-age=" + strconv.Itoa(int(readMaxAge.Seconds()))
	}
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			res, err := next(ctx, req)
			if err != nil || req.HTTPMethod() != http.MethodGet {
				return res, err
			}
			message, err := encode(req, res)
			if err != nil {
				return nil, err
			}
			tag := entityTag(message.body, isCompressed(req, len(message.body)))
			header := res.Header()
			header.Set("ETag", tag)
			header.Set("Cache-Control", cacheControl(ctx, req.Spec(), anonymous))
			header.Set("Vary", "Authorization") // connect adds Accept-Encoding
			if names(req.Header().Values("If-None-Match"), tag) {
				return nil, connect.NewNotModifiedError(header)
			}
			out := connect.NewResponse(message)
			maps.Copy(out.Header(), header)
			maps.Copy(out.Trailer(), res.Trailer())
			return out, nil
		}
	}
}

// encode returns the answer to a GET in the bytes that were asked for.
func encode(req connect.AnyRequest, res connect.AnyResponse) (*encoded, error) {
	m, ok := res.Any().(proto.Message)
	if !ok {
		return nil, errNotProto
	}
	buffer := buffers.Get().(*[]byte) //nolint:errcheck,forcetypeassert // as New makes them
	defer buffers.Put(buffer)
	body, err := marshalStable[req.Peer().Query.Get("encoding")]((*buffer)[:0], m)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	*buffer = body
	return &encoded{Message: m, body: slices.Clone(body)}, nil
}

// cacheControl returns what caches may do with an answer. What an administrator sees of what is there
// for anybody may stay in their own; what only administrators may see is kept nowhere.
func cacheControl(ctx context.Context, spec connect.Spec, anonymous string) string {
	if AccessOf(spec) != catalogv1.Access_ACCESS_PUBLIC {
		return "no-store"
	}
	if _, ok := auth.PrincipalFrom(ctx); ok {
		return "private, no-cache"
	}
	return anonymous
}
