package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

var (
	errNotProto = errors.New("not a protobuf message")
	errEmpty    = errors.New("it is empty, and the least that JSON takes is {}")
)

// jsonCodec is proto3 JSON that refuses what the message does not have, instead of dropping it, and
// writes fields that hold their zero value.
type jsonCodec struct{ name string }

var marshalJSON = protojson.MarshalOptions{EmitDefaultValues: true}

// Name returns the codec's part of the Content-Type.
func (c jsonCodec) Name() string { return c.name }

// IsBinary returns false: JSON is text.
func (jsonCodec) IsBinary() bool { return false }

// Marshal returns the message as JSON.
func (c jsonCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend appends the message as JSON.
func (jsonCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, errNotProto
	}
	out, err := marshalJSON.MarshalAppend(dst, m)
	if err != nil {
		return nil, fmt.Errorf("to JSON: %w", err)
	}
	return out, nil
}

// MarshalStable returns the message as JSON without the spaces that protojson varies.
func (c jsonCodec) MarshalStable(message any) ([]byte, error) {
	raw, err := c.Marshal(message)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, fmt.Errorf("to JSON: %w", err)
	}
	return b.Bytes(), nil
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
