package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/internal/history/change"
)

// ProductChange is one change of one product, written in the transaction of the change. Its id is the catalog-wide
// sequence number.
type ProductChange struct{ ent.Schema }

// Mixin of the ProductChange.
func (ProductChange) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the ProductChange. batch_id is empty until the change is in a notification batch.
func (ProductChange) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.String("sku").Immutable(),
		field.String("product_name").Immutable(),
		field.Enum("operation").GoType(change.Operation("")).Immutable(),
		field.Int64("version").Immutable().Comment("of the product after the change"),
		field.JSON("fields", []change.Field{}).Immutable(),
		field.Bytes("product").Optional().Immutable().
			Comment("catalog.v1.Product after the change, in binary form; null in rows of earlier releases"),
		field.UUID("actor_id", uuid.UUID{}).Immutable(),
		field.String("actor_name"),
		field.UUID("api_key_id", uuid.UUID{}).Optional().Nillable().Immutable().
			Comment("equal to actor_id if an API key made the change; null if an administrator did"),
		field.UUID("batch_id", uuid.UUID{}).Optional().Nillable(),
		field.Int64("reverted_sequence").Optional().Nillable().Immutable().
			Comment("id of the change that this one undid; null if it is no revert"),
	}
}

// Edges of the ProductChange.
func (ProductChange) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("batch", NotificationBatch.Type).Ref("changes").Field("batch_id").Unique(),
	}
}

// Indexes of the ProductChange.
func (ProductChange) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("product_id", "id"),
		index.Fields("batch_id"),
		index.Fields("actor_id", "id").
			Annotations(entsql.IndexWhere("batch_id IS NULL")).
			StorageKey("productchange_unbatched"),
	}
}
