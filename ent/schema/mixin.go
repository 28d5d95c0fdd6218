// Package schema defines the tables as pure data: fields, indexes and edges. It contains no hooks and imports no code
// that is generated from it.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// newID returns a UUID of version 7, so that ids sort by creation time and index pages fill in order.
func newID() uuid.UUID {
	return uuid.Must(uuid.NewV7())
}

// clock is the annotation of times that the database's clock sets, not the machine's: see ent/template/clock.tmpl.
type clock struct {
	// Update sets the time with every change of the row, too.
	Update bool `json:"update"`
}

// Name of the annotation.
func (clock) Name() string { return "Clock" }

var onCreate, onChange = clock{}, clock{Update: true}

// timestamp is the column type of every time. PostgreSQL stores it with time zone.
var timestamp = map[string]string{dialect.Postgres: "timestamptz"}

// idMixin gives a table a UUID of version 7 as its primary key.
type idMixin struct{ mixin.Schema }

// Fields of the mixin.
func (idMixin) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable(),
	}
}

// createdMixin gives a table the creation time of its rows.
type createdMixin struct{ mixin.Schema }

// Fields of the mixin.
func (createdMixin) Fields() []ent.Field {
	return []ent.Field{
		field.Time("create_time").Immutable().SchemaType(timestamp).Annotations(onCreate),
	}
}

// versionedMixin gives a table the columns of an API resource: the time of the last change, the time of the soft
// delete, and a version that increases with every change, from which the etag is computed.
type versionedMixin struct{ mixin.Schema }

// Fields of the mixin.
func (versionedMixin) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("version").Default(1),
		field.Time("create_time").Immutable().SchemaType(timestamp).Annotations(onCreate),
		field.Time("update_time").SchemaType(timestamp).Annotations(onChange),
		field.Time("delete_time").Optional().Nillable().SchemaType(timestamp),
	}
}
