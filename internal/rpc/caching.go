package rpc

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/wire"
)

// formats maps the codecs of responses to a GET to their formats.
var formats = map[string]wire.Format{
	"json":                wire.JSON,
	"json; charset=utf-8": wire.JSON,
	"proto":               wire.Binary,
}

// caching sends the cached encodings of shared responses. It gives every response to a GET a strong entity tag and
// Cache-Control, and answers a matching If-None-Match with 304 and no body. It is outside of the tracking interceptor,
// so that such a read is counted like any other.
func caching(readMaxAge time.Duration) connect.UnaryInterceptorFunc {
	anonymous := "public, no-cache"
	if readMaxAge > 0 {
		anonymous = "public, max-age=" + strconv.Itoa(int(readMaxAge.Seconds()))
	}
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			ctx, given := wire.Expect(ctx)
			res, err := next(ctx, req)
			if err != nil {
				return res, err
			}
			message, ok := res.Any().(proto.Message)
			if !ok {
				return nil, errNotProto
			}
			if err := holdResponse(ctx, message, given.Answer); err != nil {
				return nil, err
			}
			if given.Answer == nil && req.HTTPMethod() != http.MethodGet {
				return res, nil
			}
			return encodedResponse(ctx, req, res, message, given.Answer, anonymous)
		}
	}
}

// encodedResponse returns a response with the encodings of its Answer, and what a GET needs: the entity tag,
// Cache-Control, or 304.
func encodedResponse(
	ctx context.Context, req connect.AnyRequest, res connect.AnyResponse, message proto.Message, answer wire.Encoder,
	anonymous string,
) (connect.AnyResponse, error) {
	if answer == nil {
		answer = wire.NewAnswer(message)
	}
	out := connect.NewResponse(&encoded{Message: message, answer: answer})
	maps.Copy(out.Header(), res.Header())
	maps.Copy(out.Trailer(), res.Trailer())
	if req.HTTPMethod() != http.MethodGet {
		return out, nil
	}
	form, err := answer.Encode(formats[req.Peer().Query.Get("encoding")])
	if err != nil {
		return nil, err
	}
	tag := entityTag(form.Digest(), isCompressed(req, len(form.Body)))
	header := out.Header()
	header.Set("ETag", tag)
	header.Set("Cache-Control", cacheControl(ctx, req.Spec(), anonymous))
	header.Set("Vary", "Authorization") // Connect adds Accept-Encoding
	if names(req.Header().Values("If-None-Match"), tag) {
		return nil, connect.NewNotModifiedError(header)
	}
	return out, nil
}

// cacheControl returns the Cache-Control of a response. Administrators' own caches may store their responses from
// public methods; responses from administrators' methods are never stored.
func cacheControl(ctx context.Context, spec connect.Spec, anonymous string) string {
	if AccessOf(spec) != catalogv1.Access_ACCESS_PUBLIC {
		return "no-store"
	}
	if _, ok := auth.PrincipalFrom(ctx); ok {
		return "private, no-cache"
	}
	return anonymous
}
