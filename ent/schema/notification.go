package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// NotificationBatch is a set of changes by one administrator that share one mail.
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

// Delivery is one mail to one administrator, with its state. dedup_key identifies its content (a batch, or the hour or
// day of a digest) and is unique with the recipient, so that no recipient gets the same mail twice.
type Delivery struct{ ent.Schema }

// Mixin of the Delivery.
func (Delivery) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the Delivery. attempt_time is set before the mail server is called and cleared when the outcome is known:
// it is unknown whether a pending delivery with an attempt_time was sent.
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
		field.Time("schedule_time").SchemaType(timestamp).Annotations(onCreate),
		field.Time("attempt_time").Optional().Nillable().SchemaType(timestamp),
		field.Time("send_time").Optional().Nillable().SchemaType(timestamp),
		field.Time("update_time").SchemaType(timestamp).Annotations(onChange),
	}
}

// Edges of the Delivery.
func (Delivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("batches", NotificationBatch.Type).Ref("deliveries"),
	}
}

// Indexes of the Delivery. The migrations add partial ones for pending and for failed deliveries.
func (Delivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("recipient_id", "dedup_key").Unique(),
		index.Fields("message_id"),
		index.Fields("state", "id"),
	}
}

// Pause is a time during which no process performs an action: mails are not sent while the mail server's rate limit
// demands it.
type Pause struct{ ent.Schema }

// Fields of the Pause. The id is the action that is paused until end_time.
func (Pause) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.Time("end_time").SchemaType(timestamp),
	}
}

// NotificationPreference is an administrator's frequency of mails. No row means immediate.
type NotificationPreference struct{ ent.Schema }

// Fields of the NotificationPreference. The id is the administrator's.
func (NotificationPreference) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.Enum("frequency").Values("immediate", "hourly", "daily").Default("immediate"),
		field.Time("update_time").SchemaType(timestamp).Annotations(onChange),
	}
}

// WebhookToken is the token of a webhook that was received: its signature counts for that event alone.
type WebhookToken struct{ ent.Schema }

// Mixin of the WebhookToken.
func (WebhookToken) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the WebhookToken. The id is the SHA-256 of the token, in hexadecimal; digest is the SHA-256 of the event.
func (WebhookToken) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.Bytes("digest").Immutable(),
	}
}

// Indexes of the WebhookToken.
func (WebhookToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("create_time")}
}
