// Package wire encodes response messages: as JSON, or in protobuf's binary format.
package wire

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Format is an encoding of a message.
type Format int

// The formats. JSON includes fields with their zero value.
const (
	JSON Format = iota
	Binary

	formats
)

var (
	toJSON   = protojson.MarshalOptions{EmitDefaultValues: true}
	toBinary = proto.MarshalOptions{Deterministic: true}
)

// Append appends an encoded message to dst. The encoding is deterministic within one build of the program.
func (f Format) Append(dst []byte, m proto.Message) ([]byte, error) {
	if f == Binary {
		return toBinary.MarshalAppend(dst, m)
	}
	return toJSON.MarshalAppend(dst, m)
}
