package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// NotificationBatch is the set of changes by one administrator that share one mail.
type NotificationBatch struct{ ent.Schema }

// Mixin of the NotificationBatch.
func (NotificationBatch) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the NotificationBatch.
func (NotificationBatch) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("actor_id", uuid.UUID{}).Immutable(),
		field.Int("change_count").NonNegative(),
	}
}

// Edges of the NotificationBatch.
func (NotificationBatch) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("changes", ProductChange.Type),
		edge.To("deliveries", Delivery.Type),
	}
}

// Delivery is one mail to one administrator: the ledger of what was sent. dedup_key names what the
// mail is about (a batch, or the hour or day of a digest) and is unique with the recipient, so that
// nobody is sent the same twice.
type Delivery struct{ ent.Schema }

// Mixin of the Delivery.
func (Delivery) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the Delivery. attempt_time is set before the mail server is called and cleared when its
// answer is known: a delivery that is pending with an attempt_time may or may not have gone out.
func (Delivery) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("recipient_id", uuid.UUID{}).Immutable(),
		field.String("recipient_email"),
		field.String("dedup_key").Immutable(),
		field.Enum("state").
			Values("pending", "sent", "delivered", "bounced", "complained", "failed").
			Default("pending"),
		field.Int("attempt_count").Default(0),
		field.String("last_error").Default(""),
		field.String("message_id").Default(""),
		field.Int("change_count").Default(0),
		field.Time("schedule_time").Default(now).SchemaType(timestamp),
		field.Time("attempt_time").Optional().Nillable().SchemaType(timestamp),
		field.Time("send_time").Optional().Nillable().SchemaType(timestamp),
		field.Time("update_time").Default(now).UpdateDefault(now).SchemaType(timestamp),
	}
}

// Edges of the Delivery.
func (Delivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("batches", NotificationBatch.Type).Ref("deliveries"),
	}
}

// Indexes of the Delivery. The migrations add partial ones for what is pending and for what has failed.
func (Delivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("recipient_id", "dedup_key").Unique(),
		index.Fields("message_id"),
		index.Fields("state", "id"),
	}
}

// Pause is a time in which no process does something: send mails, because the mail server asked for it.
type Pause struct{ ent.Schema }

// Fields of the Pause. The id names what nobody does until end_time.
func (Pause) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.Time("end_time").SchemaType(timestamp),
	}
}

// NotificationPreference is how often an administrator wants mails. No row means immediately.
type NotificationPreference struct{ ent.Schema }

// Fields of the NotificationPreference. The id is the administrator's.
func (NotificationPreference) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.Enum("frequency").Values("immediate", "hourly", "daily").Default("immediate"),
		field.Time("update_time").
			Default(now).
			UpdateDefault(now).
			SchemaType(timestamp),
	}
}
