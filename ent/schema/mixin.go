// Package schema describes the tables as pure data: fields, indexes and edges. It holds no hooks and
// imports nothing that is generated from it.
package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// newID returns a UUID of version 7, so that ids sort by creation and index pages fill in order.
func newID() uuid.UUID {
	return uuid.Must(uuid.NewV7())
}

// now returns the time as both databases keep it: UTC, in whole microseconds.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}

// timestamp is the column type of every time. PostgreSQL keeps the zone with it.
var timestamp = map[string]string{dialect.Postgres: "timestamptz"}

// idMixin gives a table a UUID of version 7 as its key.
type idMixin struct{ mixin.Schema }

// Fields of the mixin.
func (idMixin) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable(),
	}
}

// createdMixin gives a table the time at which a row was made.
type createdMixin struct{ mixin.Schema }

// Fields of the mixin.
func (createdMixin) Fields() []ent.Field {
	return []ent.Field{
		field.Time("create_time").Default(now).Immutable().SchemaType(timestamp),
	}
}

// versionedMixin gives a table what an API resource needs: when it changed, whether it is deleted,
// and a version that grows with every change and stands behind the resource's etag.
type versionedMixin struct{ mixin.Schema }

// Fields of the mixin.
func (versionedMixin) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("version").Default(1),
		field.Time("create_time").Default(now).Immutable().SchemaType(timestamp),
		field.Time("update_time").Default(now).UpdateDefault(now).SchemaType(timestamp),
		field.Time("delete_time").Optional().Nillable().SchemaType(timestamp),
	}
}
