// Package change describes what a change did to a product: the form in which history is stored,
// mailed and shown.
package change

import (
	"encoding/json"

	"github.com/google/uuid"
)

// Operation says what was done to a product.
type Operation string

// The operations, as they are stored.
const (
	Created   Operation = "created"
	Updated   Operation = "updated"
	Deleted   Operation = "deleted"
	Undeleted Operation = "undeleted"
)

// Values returns every operation, for the schema's enum.
func (Operation) Values() []string {
	return []string{string(Created), string(Updated), string(Deleted), string(Undeleted)}
}

// Field is one field's value before and after a change, in the JSON form that the API gives the
// field: text, a list of text, an object of text, or {"amount", "currencyCode"} for the price. A
// value that was not there is null.
type Field struct {
	// Name is the field's path in catalog.v1.Product, such as "image_urls".
	Name string          `json:"name"`
	Old  json.RawMessage `json:"old"`
	New  json.RawMessage `json:"new"`
}

// Version is one version of a product.
type Version struct {
	ProductID uuid.UUID `json:"productId"`
	Version   int64     `json:"version"`
}
