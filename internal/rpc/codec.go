package rpc

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/internal/wire"
)

var (
	errNotProto = errors.New("not a protobuf message")
	errEmpty    = errors.New("it is empty, and the least that JSON takes is {}")
)

// encoded is an already encoded message. Code that inspects it before it is sent still finds the message.
type encoded struct {
	proto.Message

	answer wire.Encoder
}

// marshalAppend appends a message to dst.
func marshalAppend(dst []byte, message any, f wire.Format) ([]byte, error) {
	switch m := message.(type) {
	case *encoded:
		form, err := m.answer.Encode(f)
		if err != nil {
			return nil, err
		}
		return append(dst, form.Body...), nil
	case proto.Message:
		return f.Append(dst, m)
	default:
		return nil, errNotProto
	}
}

// jsonCodec is proto3 JSON with strict decoding: it rejects unknown fields instead of dropping them. It writes fields
// with their zero value.
type jsonCodec struct{ name string }

// Name returns the codec's part of the Content-Type.
func (c jsonCodec) Name() string { return c.name }

// Marshal returns the message as JSON.
func (c jsonCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend appends the message as JSON.
func (jsonCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	out, err := marshalAppend(dst, message, wire.JSON)
	if err != nil {
		return nil, fmt.Errorf("to JSON: %w", err)
	}
	return out, nil
}

// Unmarshal parses a message. Returns an error with the position if a field or enum name is unknown or a type is
// wrong.
func (jsonCodec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return errNotProto
	}
	if len(data) == 0 {
		return errEmpty
	}
	if err := (protojson.UnmarshalOptions{}).Unmarshal(data, m); err != nil {
		return err //nolint:wrapcheck // connect wraps it, and its text goes to the caller
	}
	return nil
}

// protoCodec is protobuf's binary format.
type protoCodec struct{}

// Name returns the codec's part of the Content-Type.
func (protoCodec) Name() string { return "proto" }

// Marshal returns the message in binary format.
func (c protoCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend appends the message in binary format.
func (protoCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	out, err := marshalAppend(dst, message, wire.Binary)
	if err != nil {
		return nil, fmt.Errorf("to protobuf: %w", err)
	}
	return out, nil
}

// Unmarshal parses a message.
func (protoCodec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return errNotProto
	}
	if err := proto.Unmarshal(data, m); err != nil {
		return err //nolint:wrapcheck // connect wraps it, and its text goes to the caller
	}
	return nil
}
