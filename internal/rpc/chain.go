// Package rpc is the common part of all calls: transport, codecs, errors, and the interceptor chain in front of the
// services.
package rpc

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"
)

// compressMinBytes is the minimum size of a response to be compressed.
const compressMinBytes = 1024

var errPanic = errors.New("panic")

// Chain holds the dependencies of the interceptors.
type Chain struct {
	// Authenticate checks access tokens.
	Authenticate Authenticate
	// Track sees every authorized call and its outcome; nil omits it.
	Track connect.Interceptor
	// ReadMaxAge is the max-age of responses to anonymous GETs in browsers and shared caches, in whole seconds.
	ReadMaxAge time.Duration
	// MaxRequestBytes limits a request, before and after decompression.
	MaxRequestBytes int
}

// HandlerOptions returns the options of every service's handler: codecs, limits, and the interceptors in their fixed
// order, outermost first. A call that an interceptor rejects does not reach the inner ones.
func (c Chain) HandlerOptions() []connect.HandlerOption {
	steps := []connect.Interceptor{
		refuseStreams{},
		connect.UnaryInterceptorFunc(recovered),
		connect.UnaryInterceptorFunc(logged),
		authenticate(c.Authenticate),
		connect.UnaryInterceptorFunc(authorize),
		connect.UnaryInterceptorFunc(validate),
		caching(c.ReadMaxAge),
	}
	if c.Track != nil {
		steps = append(steps, c.Track)
	}
	return append(Codecs(c.MaxRequestBytes), connect.WithInterceptors(steps...))
}

// Codecs returns the options that every handler needs, even without the chain: the strict JSON codec and the size
// limit of requests, compressed or not.
func Codecs(maxRequestBytes int) []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithCodec(protoCodec{}),
		connect.WithCodec(jsonCodec{name: "json"}),
		connect.WithCodec(jsonCodec{name: "json; charset=utf-8"}),
		connect.WithReadMaxBytes(maxRequestBytes),
		connect.WithCompressMinBytes(compressMinBytes),
		connect.WithCompression("gzip",
			func() connect.Decompressor { return newGunzip(maxRequestBytes + 1) },
			func() connect.Compressor { return gzip.NewWriter(io.Discard) }),
	}
}

// recovered turns a panic into INTERNAL and logs the stack.
func recovered(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (res connect.AnyResponse, err error) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					panic(p)
				}
				c := callFrom(ctx)
				c.stack = debug.Stack()
				res, err = nil, c.fail(ctx, internal(fmt.Errorf("%w: %v", errPanic, p)))
			}
		}()
		return next(ctx, req)
	}
}

// logged records the call's outcome for the access log and converts errors to their public form.
func logged(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		c := callFrom(ctx)
		c.chained = true
		res, err := next(ctx, req)
		if err == nil || connect.IsNotModifiedError(err) {
			return res, err
		}
		return nil, c.fail(ctx, err)
	}
}
