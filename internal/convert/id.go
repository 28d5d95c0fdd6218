package convert

import (
	"github.com/google/uuid"

	"github.com/zebrands/catalog/internal/fault"
)

// uuidLength is that of a UUID's usual form, the only one that is accepted.
const uuidLength = 36

// ParseID reads an id that a caller sent, in the form that the contract's rule string.uuid takes: 36
// characters, in capitals or not. uuid.Parse alone also takes braces, a URN and digits without dashes.
// Returns a fault that blames field.
func ParseID(field, id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != uuidLength {
		return uuid.Nil, fault.Field(field, fault.FieldNotUUID, "must be a UUID").Because(err)
	}
	return parsed, nil
}
