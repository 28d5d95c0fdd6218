package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// APIKey is a credential of a program. The secret itself is never stored. Rows stay after revocation, because the
// history names them.
type APIKey struct{ ent.Schema }

// Mixin of the APIKey.
func (APIKey) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the APIKey. digest is the SHA-256 of the key, in hexadecimal. admin_id is its creator.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("admin_id", uuid.UUID{}).Immutable(),
		field.String("name").Immutable(),
		field.Enum("access").Values("read", "write").Immutable(),
		field.String("digest").Unique().Immutable().Sensitive(),
		field.String("prefix").Immutable(),
		field.Time("expire_time").Optional().Nillable().Immutable().SchemaType(timestamp),
		field.Time("revoke_time").Optional().Nillable().SchemaType(timestamp),
		field.Time("last_use_time").Optional().Nillable().SchemaType(timestamp),
	}
}

// Indexes of the APIKey.
func (APIKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("admin_id")}
}

// Passkey is a WebAuthn credential of an administrator.
type Passkey struct{ ent.Schema }

// Mixin of the Passkey.
func (Passkey) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the Passkey. credential is the library's record, in JSON; it has the public key and the signature counter.
func (Passkey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("admin_id", uuid.UUID{}).Immutable(),
		field.String("name"),
		field.Bytes("credential_id").Unique().Immutable(),
		field.Bytes("credential"),
		field.Time("last_use_time").Optional().Nillable().SchemaType(timestamp),
	}
}

// Indexes of the Passkey.
func (Passkey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("admin_id")}
}

// PasskeyChallenge is a WebAuthn ceremony that has begun. It works once.
type PasskeyChallenge struct{ ent.Schema }

// Fields of the PasskeyChallenge. The id is the SHA-256 of the challenge, in hexadecimal. session is the library's
// record, in JSON.
func (PasskeyChallenge) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.UUID("admin_id", uuid.UUID{}).Immutable(),
		field.Enum("purpose").Values("create", "reauthenticate", "sign_in").Immutable(),
		field.Bytes("session").Immutable(),
		field.Time("expire_time").Immutable().SchemaType(timestamp),
	}
}

// Indexes of the PasskeyChallenge.
func (PasskeyChallenge) Indexes() []ent.Index {
	return []ent.Index{index.Fields("expire_time"), index.Fields("admin_id")}
}

// RecoveryCode signs an administrator in without a passkey, once. The code itself is never stored. It is deleted when
// it is used.
type RecoveryCode struct{ ent.Schema }

// Mixin of the RecoveryCode.
func (RecoveryCode) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the RecoveryCode. The id is the SHA-256 of the administrator's id and the code, in hexadecimal.
func (RecoveryCode) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Sensitive(),
		field.UUID("admin_id", uuid.UUID{}).Immutable(),
	}
}

// Indexes of the RecoveryCode.
func (RecoveryCode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("admin_id")}
}

// SecurityPolicy holds the rules for all administrators. It has at most one row, with the id 1; without it nothing is
// required.
type SecurityPolicy struct{ ent.Schema }

// Fields of the SecurityPolicy.
func (SecurityPolicy) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").Immutable(),
		field.Bool("require_second_factor").Default(false),
		field.Time("update_time").SchemaType(timestamp).Annotations(onChange),
	}
}

// SecurityEvent is an entry of the audit trail.
type SecurityEvent struct{ ent.Schema }

// Mixin of the SecurityEvent.
func (SecurityEvent) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the SecurityEvent. type is the name of a catalog.v1.SecurityEvent.Type without its prefix, in lower case.
// Only the erasure of a person changes a row.
func (SecurityEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("type").Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("actor_name").Default(""),
		field.UUID("admin_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("admin_name").Default(""),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("api_key_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("ip_address").Default(""),
		field.String("user_agent").Default(""),
		field.JSON("details", map[string]string{}).Optional(),
	}
}

// Indexes of the SecurityEvent.
func (SecurityEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("create_time"), index.Fields("admin_id", "id"), index.Fields("actor_id", "id"),
		index.Fields("type", "id"),
	}
}
