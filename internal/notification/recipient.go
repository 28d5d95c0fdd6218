package notification

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/predicate"
)

// The reasons for not sending a mail to a recipient.
const (
	textInactive = "the recipient is no longer an active administrator"
	textAccepted = "the recipient has accepted an invitation already"
	textResolved = "the address was confirmed already, or is no longer the one to confirm"
)

// active matches the administrators who get mails about changes: not deleted, not disabled, invitation accepted.
func active() predicate.Admin {
	return admin.And(isThere(), admin.PasswordHashNEQ(""))
}

// isThere matches the administrators who may get mails with links: not deleted, not disabled.
func isThere() predicate.Admin {
	return admin.And(admin.DeleteTimeIsNil(), admin.Disabled(false))
}

// recipientsOf returns the recipients of deliveries by their ids.
func recipientsOf(ctx context.Context, tx *ent.Tx, deliveries []*ent.Delivery) (map[uuid.UUID]*ent.Admin, error) {
	ids := make([]uuid.UUID, len(deliveries))
	for i, d := range deliveries {
		ids[i] = d.RecipientID
	}
	rows, err := tx.Admin.Query().Where(admin.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find recipients: %w", err)
	}
	recipients := make(map[uuid.UUID]*ent.Admin, len(rows))
	for _, row := range rows {
		recipients[row.ID] = row
	}
	return recipients, nil
}

// addressOf returns where a delivery goes: to the recipient's current address, but a notice to the one at the time of
// the event, and a link that confirms an address to that one.
func addressOf(recipient *ent.Admin, d *ent.Delivery) string {
	if isNotice(d) || isConfirmation(d) {
		return d.RecipientEmail
	}
	return recipient.Email
}

// refusal returns why a delivery must not be sent to its recipient; empty if it may be sent. A nil recipient is one
// that recipientsOf did not find.
func refusal(recipient *ent.Admin, d *ent.Delivery) string {
	switch {
	case recipient == nil:
		return textInactive
	case isNotice(d): // also tells those who were disabled or deleted
		return ""
	case recipient.DeleteTime != nil || recipient.Disabled:
		return textInactive
	}
	link, isLink := linkOf(d)
	accepted := recipient.PasswordHash != ""
	switch {
	case isLink && link.purpose == onetimetoken.PurposeInvitation:
		if accepted {
			return textAccepted
		}
		return ""
	case !accepted:
		return textInactive
	case isConfirmation(d) && d.RecipientEmail != recipient.PendingEmail:
		return textResolved
	default:
		return ""
	}
}
