package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Session is a sign-in. It is valid until expire_time, or until end_time is set.
type Session struct{ ent.Schema }

// Mixin of the Session.
func (Session) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, createdMixin{}}
}

// Fields of the Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("admin_id", uuid.UUID{}).Immutable(),
		field.String("user_agent").Default(""),
		field.String("ip_address").Default(""),
		field.Time("last_refresh_time").SchemaType(timestamp).Annotations(onCreate),
		field.Time("expire_time").SchemaType(timestamp),
		field.Time("end_time").Optional().Nillable().SchemaType(timestamp),
		field.Time("auth_time").Optional().Nillable().SchemaType(timestamp).
			Comment("when the administrator last proved who they are; null in sessions of earlier releases"),
		field.Bool("second_factor").Default(false).
			Comment("whether the administrator proved a second factor in this session"),
	}
}

// Indexes of the Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("admin_id", "id"), index.Fields("expire_time")}
}

// RefreshToken is one token of a session's chain. The secret itself is never stored. A used token stays until the
// session expires, so that its reuse is detected.
type RefreshToken struct{ ent.Schema }

// Mixin of the RefreshToken.
func (RefreshToken) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the RefreshToken. The id is the SHA-256 of the token, in hexadecimal.
func (RefreshToken) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Sensitive(),
		field.UUID("session_id", uuid.UUID{}).Immutable(),
		field.Time("use_time").Optional().Nillable().SchemaType(timestamp),
		field.Bytes("nonce").Optional().Sensitive().
			Comment("set with use_time: the successor of the token is their HMAC"),
	}
}

// Indexes of the RefreshToken.
func (RefreshToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("session_id")}
}

// OneTimeToken authorizes its holder to do one thing once: set up the catalog, accept an invitation, or reset a
// password. The secret itself is never stored.
type OneTimeToken struct{ ent.Schema }

// Mixin of the OneTimeToken.
func (OneTimeToken) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the OneTimeToken. The id is the SHA-256 of the token, in hexadecimal. admin_id is empty
// for setup.
func (OneTimeToken) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Sensitive(),
		field.Enum("purpose").Values("setup", "invitation", "password_reset", "email_confirmation").Immutable(),
		field.UUID("admin_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Time("expire_time").SchemaType(timestamp),
		field.Time("use_time").Optional().Nillable().SchemaType(timestamp).
			Comment("set for invitations only, so that a used one can say so"),
	}
}

// Indexes of the OneTimeToken.
func (OneTimeToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("admin_id", "purpose"), index.Fields("expire_time")}
}

// Throttle counts failures of one account or network address in a time window.
type Throttle struct{ ent.Schema }

// Fields of the Throttle. The id is the kind of the counter, with the SHA-256 of the account or address.
func (Throttle) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.Int("count").Default(0),
		field.Time("expire_time").SchemaType(timestamp),
	}
}

// Indexes of the Throttle.
func (Throttle) Indexes() []ent.Index {
	return []ent.Index{index.Fields("expire_time")}
}

// SigningKey is the private key of a current or future signing key of access tokens. It is deleted when the key no
// longer signs. Only processes with the role admin read it: see VerificationKey.
type SigningKey struct{ ent.Schema }

// Fields of the SigningKey. The id is the key's kid, its RFC 7638 thumbprint. private_key is PKCS #8.
func (SigningKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.Bytes("private_key").Immutable().Sensitive(),
		field.Time("create_time").Immutable().SchemaType(timestamp).Annotations(onCreate),
	}
}

// VerificationKey is the public key of a signing key of access tokens. The key with the latest sign_time signs. A key
// verifies from its creation until the last token that it signed has expired.
type VerificationKey struct{ ent.Schema }

// Mixin of the VerificationKey.
func (VerificationKey) Mixin() []ent.Mixin {
	return []ent.Mixin{createdMixin{}}
}

// Fields of the VerificationKey. The id is the key's kid, its RFC 7638 thumbprint. public_key has the 32
// bytes of RFC 8032.
func (VerificationKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.Bytes("public_key").Immutable(),
		field.Time("sign_time").Immutable().SchemaType(timestamp),
	}
}
