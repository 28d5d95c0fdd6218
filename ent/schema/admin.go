package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Admin is an administrator. Rows are soft-deleted: delete_time marks a deleted one.
type Admin struct{ ent.Schema }

// Mixin of the Admin.
func (Admin) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, versionedMixin{}}
}

// Fields of the Admin. An empty password_hash means that the invitation has not been accepted yet.
func (Admin) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").NotEmpty(),
		field.String("pending_email").Default("").
			Comment("a new address that its owner has not confirmed yet; empty if there is none"),
		field.String("name").NotEmpty(),
		field.Bool("disabled").Default(false),
		field.String("password_hash").Default("").Sensitive(),
		field.Time("last_sign_in_time").Optional().Nillable().SchemaType(timestamp),
	}
}

// Indexes of the Admin.
func (Admin) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("email").
			Unique().
			Annotations(entsql.IndexWhere("delete_time IS NULL")).
			StorageKey("admin_live_email"),
	}
}

// Annotations of the Admin.
func (Admin) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"admin_email_lower_case": "email = lower(email)",
	})}
}
