package auth

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// Event is an entry of the audit trail, to be recorded. The caller and its client come from the context.
type Event struct {
	Type catalogv1.SecurityEvent_Type
	// Actor is who did it, if that is not the caller: an administrator who signs in, or redeems a link.
	Actor *ent.Admin
	// Admin is the administrator concerned; nil if there is none.
	Admin *ent.Admin
	// SessionID and APIKeyID are what the event is about; zero if it is about neither.
	SessionID, APIKeyID uuid.UUID
	// Details has more for readers, such as key_name. No secrets.
	Details map[string]string
}

// operator is the name of the actor of commands on the server.
const operator = "operator"

// AsOperator returns a context of a command on the server: its events name the operator as the actor.
func AsOperator(ctx context.Context) context.Context {
	return WithPrincipal(ctx, Principal{Name: operator})
}

// typePrefix begins the names of catalog.v1.SecurityEvent.Type.
const typePrefix = "TYPE_"

// storedType returns the name of a kind of event in the database.
func storedType(t catalogv1.SecurityEvent_Type) string {
	return strings.ToLower(strings.TrimPrefix(t.String(), typePrefix))
}

// EventType returns the kind of a stored event.
func EventType(row *ent.SecurityEvent) catalogv1.SecurityEvent_Type {
	return catalogv1.SecurityEvent_Type(catalogv1.SecurityEvent_Type_value[typePrefix+strings.ToUpper(row.Type)])
}

// RecordEvent adds an entry to the audit trail, in the transaction of what it is about.
func RecordEvent(ctx context.Context, tx *ent.Tx, e Event) (*ent.SecurityEvent, error) {
	client := ClientFrom(ctx)
	create := tx.SecurityEvent.Create().
		SetType(storedType(e.Type)).
		SetUserAgent(printable(client.UserAgent)).
		SetDetails(e.Details)
	if client.Address.IsValid() {
		create.SetIPAddress(client.Address.Unmap().WithZone("").String())
	}
	if e.Actor != nil {
		create.SetActorID(e.Actor.ID).SetActorName(e.Actor.Name)
	} else if p, ok := PrincipalFrom(ctx); ok {
		if id := p.ActorID(); id != uuid.Nil { // the operator has none
			create.SetActorID(id)
		}
		create.SetActorName(p.Name)
	}
	if e.Admin != nil {
		create.SetAdminID(e.Admin.ID).SetAdminName(e.Admin.Name)
	}
	if e.SessionID != uuid.Nil {
		create.SetSessionID(e.SessionID)
	}
	if e.APIKeyID != uuid.Nil {
		create.SetAPIKeyID(e.APIKeyID)
	}
	row, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("record security event: %w", err)
	}
	return row, nil
}
