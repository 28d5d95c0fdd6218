package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// ProductView counts the anonymous reads of one product in one hour. It has no edge to the product: counting never
// touches the product's row.
type ProductView struct{ ent.Schema }

// Fields of the ProductView.
func (ProductView) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.Time("hour").Immutable().SchemaType(timestamp),
		field.Int64("views").Default(0),
		field.Int64("impressions").Default(0),
		field.Int64("bot_views").Default(0),
		field.Int64("bot_impressions").Default(0),
	}
}

// Indexes of the ProductView.
func (ProductView) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("product_id", "hour").Unique(),
		index.Fields("hour"),
	}
}

// JournalSegment marks a segment of a tracking journal as added to ProductView, which makes adding idempotent.
type JournalSegment struct{ ent.Schema }

// Mixin of the JournalSegment.
func (JournalSegment) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the JournalSegment.
func (JournalSegment) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
	}
}

// Indexes of the JournalSegment.
func (JournalSegment) Indexes() []ent.Index {
	return []ent.Index{index.Fields("create_time")}
}

// ProductTransition counts how often anonymous readers came to one product from another.
type ProductTransition struct{ ent.Schema }

// Fields of the ProductTransition.
func (ProductTransition) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("from_id", uuid.UUID{}).Immutable(),
		field.UUID("to_id", uuid.UUID{}).Immutable(),
		field.Float("weight").Comment("the number of transitions, with forward decay: see package decay"),
	}
}

// Indexes of the ProductTransition.
func (ProductTransition) Indexes() []ent.Index {
	return []ent.Index{index.Fields("from_id", "to_id").Unique()}
}

// ProductScore has sums about one product that recommendations need. It has no edge to the product, as ProductView. The
// sums have forward decay: see package decay.
type ProductScore struct{ ent.Schema }

// Fields of the ProductScore. The id is the product's.
func (ProductScore) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.Float("trend").Default(0).Comment("the number of views"),
		field.Float("arrivals").Default(0).Comment("the number of transitions to the product"),
	}
}

// Indexes of the ProductScore.
func (ProductScore) Indexes() []ent.Index {
	return []ent.Index{index.Fields("trend", "id")}
}
