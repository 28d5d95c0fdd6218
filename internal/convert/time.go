package convert

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/internal/fault"
)

// CheckTime returns a fault that names the field if a request's time, where it is set, is none that can be
// written as JSON: in protobuf's binary form any number of seconds can come.
func CheckTime(field string, t *timestamppb.Timestamp) error {
	if t != nil && t.CheckValid() != nil {
		return fault.Field(field, fault.FieldOutOfRange, "must be a time in the years 1 to 9999")
	}
	return nil
}
