package admin

import (
	"context"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/queue"
)

// moveTo gives an administrator a new e-mail address. Whoever has a password keeps the old address until ConfirmEmail:
// the new one is pending, in place of an earlier one. The present address cancels a pending one. Somebody invited has
// nothing that a mistyped address could give away, so theirs changes at once.
func moveTo(a *ent.Admin, email string) {
	switch {
	case a.PasswordHash == "":
		a.Email = email
	case email == a.Email:
		a.PendingEmail = ""
	default:
		a.PendingEmail = email
	}
}

// moves reports whether the present or the pending address differs.
func moves(old, row *ent.Admin) bool {
	return row.Email != old.Email || row.PendingEmail != old.PendingEmail
}

// moved completes an update of an administrator: it revokes the links that a change of addresses makes invalid, and
// mails new ones. A disabled administrator gets no mail, so the link to a pending address is mailed once they are
// enabled. Returns EMAIL_TAKEN if another administrator has the pending address, and SIGN_IN_THROTTLED after too many
// mails.
func (s *Service) moved(ctx context.Context, tx *ent.Tx, old, row *ent.Admin) error {
	switch {
	case row.Email != old.Email:
		return s.movedInvitation(ctx, tx, old, row)
	case row.PendingEmail != old.PendingEmail:
		return s.movesLater(ctx, tx, old, row)
	case old.Disabled:
		return s.mailConfirmation(ctx, tx, row)
	default:
		return nil
	}
}

// movedInvitation revokes the links to the old address of somebody invited, and mails the invitation to the new one.
func (s *Service) movedInvitation(ctx context.Context, tx *ent.Tx, old, row *ent.Admin) error {
	if err := auth.RevokeOneTimeTokens(ctx, tx, row.ID); err != nil {
		return err
	}
	// Nobody is told: an address that was mistyped is a stranger's.
	if _, err := auth.RecordEvent(ctx, tx, emailChanged(row, old.Email)); err != nil {
		return err
	}
	if !invited(row) {
		return nil
	}
	if err := s.countMailer(ctx, tx); err != nil {
		return err
	}
	return invite(ctx, tx, s.queue, row)
}

// movesLater revokes the link to the pending address before, and mails one to the new pending address.
func (s *Service) movesLater(ctx context.Context, tx *ent.Tx, old, row *ent.Admin) error {
	if err := auth.RevokeOneTimeTokensFor(ctx, tx, onetimetoken.PurposeEmailConfirmation, &row.ID); err != nil {
		return err
	}
	if err := record(ctx, tx, s.queue, emailChangeRequested(old, row)); err != nil || row.PendingEmail == "" {
		return err
	}
	if err := requireFree(ctx, tx, row.PendingEmail, row.ID); err != nil {
		return err
	}
	if err := s.countMailer(ctx, tx); err != nil {
		return err
	}
	return s.mailConfirmation(ctx, tx, row)
}

// mailConfirmation queues the mail with the link to confirm a pending address, if the administrator has one and can use
// it. Returns SIGN_IN_THROTTLED if the address got too many.
func (s *Service) mailConfirmation(ctx context.Context, tx *ent.Tx, row *ent.Admin) error {
	if row.PendingEmail == "" || !active(row) {
		return nil
	}
	if err := auth.CountIn(ctx, tx, auth.LinkLimit(emailConfirmation, row.PendingEmail)); err != nil {
		return err
	}
	return s.queue.Insert(ctx, tx, queue.Job{Args: queue.AccountMailArgs{
		AdminID: row.ID, Purpose: emailConfirmation, Email: row.PendingEmail,
	}})
}

// countMailer counts that the caller sends a mail to an address of their choice. Returns SIGN_IN_THROTTLED after too
// many.
func (s *Service) countMailer(ctx context.Context, tx *ent.Tx) error {
	who, err := caller(ctx)
	if err != nil {
		return err
	}
	return auth.CountIn(ctx, tx, auth.InviterLimit(who.AdminID, s.perHour))
}

// requireFree returns EMAIL_TAKEN if an administrator other than the one with id has the address. The unique index
// decides when the address is confirmed.
func requireFree(ctx context.Context, tx *ent.Tx, email string, id uuid.UUID) error {
	taken, err := tx.Admin.Query().Where(admin.Email(email), admin.DeleteTimeIsNil(), admin.IDNEQ(id)).Exist(ctx)
	if err != nil || !taken {
		return err
	}
	return errEmailTaken(email)
}

// emailChangeRequested is the event of another pending address, or of none any more.
func emailChangeRequested(old, row *ent.Admin) auth.Event {
	details := map[string]string{"old_email": row.Email, "new_email": row.PendingEmail}
	if row.PendingEmail == "" {
		details = map[string]string{"old_email": old.PendingEmail, "new_email": row.Email}
	}
	return auth.Event{Type: catalogv1.SecurityEvent_TYPE_EMAIL_CHANGE_REQUESTED, Admin: row, Details: details}
}

// emailChanged is the event of a new address.
func emailChanged(row *ent.Admin, from string) auth.Event {
	return auth.Event{
		Type: catalogv1.SecurityEvent_TYPE_EMAIL_CHANGED, Admin: row,
		Details: map[string]string{"old_email": from, "new_email": row.Email},
	}
}

// ConfirmEmail implements catalog.v1.AuthService. A wrong password counts as a failed sign-in. Sessions stay; the other
// links that were mailed to the administrator are revoked.
func (s *AuthService) ConfirmEmail(
	ctx context.Context, req *catalogv1.ConfirmEmailRequest,
) (*catalogv1.ConfirmEmailResponse, error) {
	checked, err := s.confirming(ctx, req.GetToken())
	if err != nil {
		return nil, err
	}
	client := auth.ClientFrom(ctx)
	known, err := auth.SignedInFrom(ctx, s.d, checked.ID, client)
	if err != nil {
		return nil, err
	}
	limits := auth.SignInLimits(client, checked.Email, known)
	if err := s.checkPassword(ctx, limits, checked, req.GetPassword(), errProofIncorrect); err != nil {
		return nil, err
	}
	var row *ent.Admin
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := lockAdmins(ctx, tx); err != nil {
			return err
		}
		if _, err := auth.UseOneTimeToken(ctx, tx, onetimetoken.PurposeEmailConfirmation, req.GetToken()); err != nil {
			return err
		}
		if row, err = s.confirmEmail(ctx, tx, checked); err != nil {
			return err
		}
		return auth.Succeed(ctx, tx, limits...)
	})
	if err != nil {
		return nil, err
	}
	message, err := adminMessage(ctx, s.d, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.ConfirmEmailResponse{Admin: message}, nil
}

// confirming returns the administrator whose pending address a token confirms. Returns ONE_TIME_TOKEN_INVALID if there
// is none. It precedes the check of the password, so that callers without a token cannot cause that cost.
func (s *AuthService) confirming(ctx context.Context, token string) (*ent.Admin, error) {
	id, err := auth.OwnerOfOneTimeToken(ctx, s.d, onetimetoken.PurposeEmailConfirmation, token)
	if err != nil {
		return nil, err
	}
	row, err := s.d.Reader().Admin.Query().Where(admin.ID(id), isActive(), admin.PendingEmailNEQ("")).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, auth.OneTimeTokenInvalid()
	}
	return row, err
}

// confirmEmail makes the pending address the administrator's, if neither it nor the password has changed since they
// were checked.
func (s *AuthService) confirmEmail(ctx context.Context, tx *ent.Tx, checked *ent.Admin) (*ent.Admin, error) {
	old, err := lockAdmin(ctx, tx, admin.ID(checked.ID))
	if err != nil {
		return nil, err
	}
	if !active(old) || old.PendingEmail != checked.PendingEmail {
		return nil, auth.OneTimeTokenInvalid()
	}
	if old.PasswordHash != checked.PasswordHash {
		return nil, errProofIncorrect
	}
	row, err := old.Update().SetEmail(old.PendingEmail).SetPendingEmail("").AddVersion(1).Save(ctx)
	if err != nil {
		return nil, emailTaken(err, old.PendingEmail)
	}
	if err := auth.RevokeOneTimeTokens(ctx, tx, row.ID); err != nil {
		return nil, err
	}
	event := emailChanged(row, old.Email)
	event.Actor = row
	return row, record(ctx, tx, s.queue, event, old.Email)
}
