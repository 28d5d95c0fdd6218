package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/internal/history/change"
)

// WriteRequest is a successful request to write products that has a request id (AIP-155), written in the transaction of
// its changes. It says which versions of which products the request answered with; the history has the products.
type WriteRequest struct{ ent.Schema }

// Mixin of the WriteRequest.
func (WriteRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the WriteRequest. request_id is chosen by the caller. digest is that of the method and the request.
func (WriteRequest) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("actor_id", uuid.UUID{}).Immutable(),
		field.UUID("request_id", uuid.UUID{}).Immutable(),
		field.String("method").Immutable(),
		field.Bytes("digest").Immutable(),
		field.JSON("products", []change.Version{}).Immutable(),
	}
}

// Indexes of the WriteRequest.
func (WriteRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("actor_id", "request_id").Unique().StorageKey("write_request_id"),
		index.Fields("create_time"),
	}
}
