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

	"github.com/zebrands/catalog/internal/clock"
)

// compressMinBytes is the minimum size of a response to be compressed.
const compressMinBytes = 1024

var errPanic = errors.New("panic")

// Chain holds the dependencies of the steps in front of every service. They handle unary calls and streams alike.
type Chain struct {
	// Authenticate checks access tokens.
	Authenticate Authenticate
	// Clock is that of the times in access tokens; nil means the machine's.
	Clock *clock.Clock
	// Failed is told of every error of a handler; nil if nobody wants to know.
	Failed func(err error)
	// Track sees every authorized call and its outcome; nil omits it.
	Track connect.Interceptor
	// Streams is told of every stream; nil if nobody ends them.
	Streams *Streams
	// SendTimeout bounds the writing of each message of a stream, and of its end: a caller that reads nothing for so long
	// is taken for gone. 0 disables it.
	SendTimeout time.Duration
	// ReadMaxAge is the max-age of responses to anonymous GETs in browsers and shared caches, in whole seconds.
	ReadMaxAge time.Duration
	// MaxRequestBytes limits a request, before and after decompression.
	MaxRequestBytes int
}

// HandlerOptions returns the options of every service's handler: codecs, limits, the gate, which sees a call before its
// body is read, and the interceptors in their fixed order, outermost first. A call that a step rejects does not reach
// the later ones.
func (c Chain) HandlerOptions() []connect.HandlerOption {
	streams := c.Streams
	if streams == nil {
		streams = &Streams{}
	}
	steps := []connect.Interceptor{
		outcome{failed: c.Failed},
		recheck{check: c.Authenticate, clock: c.clock()},
		streaming{streams: streams, sendTimeout: c.SendTimeout, limit: c.MaxRequestBytes},
		validation{},
		caching(c.ReadMaxAge),
	}
	if c.Track != nil {
		steps = append(steps, c.Track)
	}
	return append(Codecs(c.MaxRequestBytes),
		connect.WithRequestGate(gate(c.Authenticate, c.clock())), connect.WithInterceptors(steps...))
}

func (c Chain) clock() *clock.Clock {
	if c.Clock == nil {
		return clock.Machine()
	}
	return c.Clock
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

// outcome records the outcome of a call for the access log, and converts its error to the public form.
type outcome struct{ failed func(err error) }

func (o outcome) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (res connect.AnyResponse, err error) {
		defer conclude(ctx, &err)
		callFrom(ctx).chained = true
		res, err = next(ctx, req)
		o.tell(err)
		return res, err
	}
}

func (o outcome) tell(err error) {
	if err != nil && o.failed != nil {
		o.failed(err)
	}
}

func (outcome) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (o outcome) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) (err error) {
		defer conclude(ctx, &err)
		err = next(ctx, conn)
		o.tell(err)
		return err
	}
}

// conclude is deferred by every step that can end a call. It records the call's error and converts it to the public
// form. A panic becomes INTERNAL, and its stack is logged.
func conclude(ctx context.Context, err *error) { //nolint:gocritic // it sets the result of the step that defers it
	if p := recover(); p != nil { //nolint:revive // deferred by the steps
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			panic(p)
		}
		callFrom(ctx).stack = debug.Stack()
		*err = internal(fmt.Errorf("%w: %v", errPanic, p))
	}
	if *err != nil && !connect.IsNotModifiedError(*err) {
		*err = callFrom(ctx).fail(ctx, *err)
	}
}
