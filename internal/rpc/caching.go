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

// formats are those of answers to a GET, by the name of the codec.
var formats = map[string]wire.Format{
	"json":                wire.JSON,
	"json; charset=utf-8": wire.JSON,
	"proto":               wire.Binary,
}

// caching has answers that many callers get leave as they are encoded already. It gives every answer to a
// GET a strong entity tag, and says who may keep it for how long: whoever has it already (If-None-Match)
// gets 304 and no body. It stands outside of what tracks, so that such a read counts like any other.
func caching(readMaxAge time.Duration) connect.UnaryInterceptorFunc {
	anonymous := "public, no-cache"
	if readMaxAge > 0 {
		anonymous = "public, max-age=" + strconv.Itoa(int(readMaxAge.Seconds()))
	}
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			ctx, given := wire.Expect(ctx)
			res, err := next(ctx, req)
			isGET := req.HTTPMethod() == http.MethodGet
			if err != nil || given.Answer == nil && !isGET {
				return res, err
			}
			message, ok := res.Any().(proto.Message)
			if !ok {
				return nil, errNotProto
			}
			answer := given.Answer
			if answer == nil {
				answer = wire.NewAnswer(message)
			}
			out := connect.NewResponse(&encoded{Message: message, answer: answer})
			maps.Copy(out.Header(), res.Header())
			maps.Copy(out.Trailer(), res.Trailer())
			if !isGET {
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
			header.Set("Vary", "Authorization") // connect adds Accept-Encoding
			if names(req.Header().Values("If-None-Match"), tag) {
				return nil, connect.NewNotModifiedError(header)
			}
			return out, nil
		}
	}
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
