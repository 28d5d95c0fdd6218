package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/zebrands/catalog/internal/fault"
)

// Streams are the open streams of a process. The zero Streams has none.
type Streams struct {
	mu    sync.Mutex
	open  map[*stream]context.CancelCauseFunc
	ended bool
}

// End ends all open streams with SHUTTING_DOWN: the contexts of their handlers are canceled with it as their cause. It
// refuses new ones. It does not wait for the handlers.
func (s *Streams) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, cancel := range s.open {
		cancel(ShuttingDown())
	}
}

func (s *Streams) add(st *stream, cancel context.CancelCauseFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return ShuttingDown()
	}
	if s.open == nil {
		s.open = map[*stream]context.CancelCauseFunc{}
	}
	s.open[st] = cancel
	return nil
}

func (s *Streams) remove(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, st)
}

// ShuttingDown is the fault of calls that a graceful shutdown ends.
func ShuttingDown() *fault.Error {
	return fault.New(fault.Unavailable, fault.ShuttingDown, "The server is stopping; try again.")
}

// streaming is what streams need and unary calls do not: they end with the process, time-outs apply to opening them and
// to each message, and Connect's errors appear while they run.
type streaming struct {
	streams     *Streams
	sendTimeout time.Duration
	limit       int
}

func (streaming) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (streaming) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (s streaming) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		st := &stream{StreamingHandlerConn: conn, call: callFrom(ctx), sendTimeout: s.sendTimeout, limit: s.limit}
		st.unsent = func(err error) error {
			if ctx.Err() != nil {
				return ended(ctx).Because(err)
			}
			return canceled().Because(err)
		}
		if err := s.streams.add(st, cancel); err != nil {
			return err
		}
		defer s.streams.remove(st)
		err := next(ctx, st)
		st.limitWriting() // of the end of the stream
		var refused *connect.Error
		switch {
		case err == nil:
			return nil
		case !st.call.stream && errors.As(err, &refused):
			return st.refuse(refused) // the number of messages is wrong
		default:
			return toFault(ctx, err)
		}
	}
}

// stream is the connection of a stream.
type stream struct {
	connect.StreamingHandlerConn

	call        *call
	sendTimeout time.Duration
	limit       int
	received    bool
	// unsent returns the fault for a message that could not be written.
	unsent func(err error) error
}

// Receive opens the stream when the caller has sent everything.
func (s *stream) Receive(m any) error {
	err := s.StreamingHandlerConn.Receive(m)
	var refused *connect.Error
	switch {
	case err == nil:
		s.received = true
		return nil
	case errors.Is(err, io.EOF):
		if s.received {
			s.open()
		}
		return err
	case errors.As(err, &refused):
		return s.refuse(refused)
	default:
		return err
	}
}

// Send writes a message and flushes it.
func (s *stream) Send(m any) error {
	s.open()
	s.limitWriting()
	err := s.StreamingHandlerConn.Send(m)
	s.allowWriting()
	if err == nil {
		s.call.messages++
		return nil
	}
	if connect.CodeOf(err) == connect.CodeInternal { // it could not be encoded
		return internal(err)
	}
	return s.unsent(err)
}

func (s *stream) refuse(err *connect.Error) *fault.Error {
	if s.call.refused != nil {
		return s.call.refused
	}
	return refusedByConnect(err.Code(), err.Message(), s.limit)
}

// open notes that the handler runs.
func (s *stream) open() {
	if s.call.stream {
		return
	}
	s.call.stream, s.call.chained = true, true
	if s.call.opened != nil {
		s.call.opened()
	}
}

func (s *stream) limitWriting() {
	if s.call.control != nil && s.sendTimeout > 0 {
		_ = s.call.control.SetWriteDeadline(time.Now().Add(s.sendTimeout)) // where it is not supported, there is none
	}
}

// allowWriting ends what limitWriting began: in HTTP/2 a deadline resets the stream even if nothing is being written.
func (s *stream) allowWriting() {
	if s.call.control != nil && s.sendTimeout > 0 {
		_ = s.call.control.SetWriteDeadline(time.Time{})
	}
}
