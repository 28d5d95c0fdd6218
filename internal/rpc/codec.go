package rpc

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

var (
	errNotProto = errors.New("not a protobuf message")
	errEmpty    = errors.New("it is empty, and the least that JSON takes is {}")
)

// encoded is a message in the bytes in which it leaves: the codecs pass them on. Whoever looks at it
// before still finds the message.
type encoded struct {
	proto.Message

	body []byte
}

// marshalAppend appends a message to dst, or the bytes that it has already.
func marshalAppend(
	dst []byte, message any, marshal func([]byte, proto.Message) ([]byte, error),
) ([]byte, error) {
	switch m := message.(type) {
	case *encoded:
		return append(dst, m.body...), nil
	case proto.Message:
		return marshal(dst, m)
	default:
		return nil, errNotProto
	}
}

// jsonCodec is proto3 JSON that refuses what the message does not have, instead of dropping it, and
// writes fields that hold their zero value.
type jsonCodec struct{ name string }

var marshalJSON = protojson.MarshalOptions{EmitDefaultValues: true}

// Name returns the codec's part of the Content-Type.
func (c jsonCodec) Name() string { return c.name }

// Marshal returns the message as JSON.
func (c jsonCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend appends the message as JSON.
func (jsonCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	out, err := marshalAppend(dst, message, marshalJSON.MarshalAppend)
	if err != nil {
		return nil, fmt.Errorf("to JSON: %w", err)
	}
	return out, nil
}

// Unmarshal reads a message. Returns an error that says where, if the message has no such field, enum
// name or type.
func (jsonCodec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return errNotProto
	}
	if len(data) == 0 {
		return errEmpty
	}
	if err := (protojson.UnmarshalOptions{}).Unmarshal(data, m); err != nil {
		return fmt.Errorf("from JSON: %w", err)
	}
	return nil
}

// protoCodec is protobuf's binary form.
type protoCodec struct{}

// Name returns the codec's part of the Content-Type.
func (protoCodec) Name() string { return "proto" }

// Marshal returns the message in binary.
func (c protoCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend appends the message in binary.
func (protoCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	out, err := marshalAppend(dst, message, proto.MarshalOptions{}.MarshalAppend)
	if err != nil {
		return nil, fmt.Errorf("to protobuf: %w", err)
	}
	return out, nil
}

// Unmarshal reads a message.
func (protoCodec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return errNotProto
	}
	if err := proto.Unmarshal(data, m); err != nil {
		return fmt.Errorf("from protobuf: %w", err)
	}
	return nil
}
