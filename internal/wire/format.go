// Package wire is the form in which messages leave: JSON, or protobuf's binary form.
package wire

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Format is one of the forms of a message.
type Format int

// The formats. JSON writes fields that hold their zero value.
const (
	JSON Format = iota
	Binary

	formats
)

var (
	toJSON   = protojson.MarshalOptions{EmitDefaultValues: true}
	toBinary = proto.MarshalOptions{Deterministic: true}
)

// Append appends a message to dst. The same message always becomes the same bytes, as long as the program
// is the same.
func (f Format) Append(dst []byte, m proto.Message) ([]byte, error) {
	if f == Binary {
		return toBinary.MarshalAppend(dst, m)
	}
	return toJSON.MarshalAppend(dst, m)
}
