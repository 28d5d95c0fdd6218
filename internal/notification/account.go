package notification

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// accountWorker creates the deliveries of mails with one-time links.
type accountWorker struct {
	worker[queue.AccountMailArgs]
	Deps
}

// Work creates the delivery and the job that sends it, unless the administrator is deleted or disabled, or the address
// to confirm is no longer their pending one.
func (w *accountWorker) Work(ctx context.Context, job *river.Job[queue.AccountMailArgs]) error {
	if _, ok := linkFor(job.Args.Purpose); !ok {
		return river.JobCancel(fmt.Errorf("notification: no mail with a link has the purpose %q", job.Args.Purpose))
	}
	return w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		to, err := tx.Admin.Query().Where(admin.ID(job.Args.AdminID), isThere()).Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("account mail: %w", err)
		}
		if job.Args.Email != to.PendingEmail && job.Args.Email != "" {
			return nil
		}
		key := fmt.Sprintf("%s/%d", job.Args.Purpose, job.ID)
		return w.createDelivery(ctx, tx, to.ID, cmp.Or(job.Args.Email, to.Email), key, linkJob)
	})
}

// createDelivery creates a delivery to one administrator and the job that sends it, unless an earlier attempt created
// it: dedupKey is the same in every attempt.
func (d *Deps) createDelivery(
	ctx context.Context, tx *ent.Tx, recipient uuid.UUID, email, dedupKey string, send func(uuid.UUID) queue.Job,
) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	err = tx.Delivery.Create().
		SetID(id).
		SetRecipientID(recipient).
		SetRecipientEmail(email).
		SetDedupKey(dedupKey).
		SetMessageID(d.messageID(id.String())).
		OnConflictColumns(delivery.FieldRecipientID, delivery.FieldDedupKey).
		DoNothing().
		Exec(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create delivery: %w", err)
	}
	return d.Queue.Insert(ctx, tx, send(id))
}

func linkJob(id uuid.UUID) queue.Job {
	return queue.Job{Args: queue.DeliverLinkArgs{DeliveryID: id}, MaxAttempts: endless}
}

// accountView is the data of the account templates.
type accountView struct {
	Subject, Name, Text, Action, Link, Until, Otherwise string
}

// link describes a kind of mail with a one-time link.
type link struct {
	purpose                          onetimetoken.Purpose
	kind                             catalogv1.Delivery_Kind
	lifetime                         time.Duration
	tag, page                        string
	subject, text, action, otherwise string
}

var links = []link{
	{
		purpose: onetimetoken.PurposeInvitation, lifetime: auth.InvitationTokenLifetime,
		kind:      catalogv1.Delivery_KIND_INVITATION,
		tag:       tagInvitation,
		page:      "/accept-invitation#token=",
		subject:   "You are invited to the catalog",
		text:      "You are invited to administer the catalog. Open this link and choose a password:",
		action:    "Accept the invitation",
		otherwise: "If you did not expect an invitation, you need not do anything.",
	},
	{
		purpose: onetimetoken.PurposePasswordReset, lifetime: auth.PasswordResetTokenLifetime,
		kind:      catalogv1.Delivery_KIND_PASSWORD_RESET,
		tag:       tagPasswordReset,
		page:      "/reset-password#token=",
		subject:   "Reset your password for the catalog",
		text:      "Somebody, we hope you, asked for a new password. Open this link and choose one:",
		action:    "Choose a new password",
		otherwise: "If it was not you, you need not do anything: your password stays as it is.",
	},
	{
		purpose: onetimetoken.PurposeEmailConfirmation, lifetime: auth.EmailConfirmationTokenLifetime,
		kind:      catalogv1.Delivery_KIND_EMAIL_CONFIRMATION,
		tag:       tagEmailConfirmation,
		page:      "/confirm-email#token=",
		subject:   "Confirm your new e-mail address for the catalog",
		text:      "This is to be your e-mail address in the catalog. Open this link and confirm it with your password:",
		action:    "Confirm the address",
		otherwise: "If you are not an administrator of the catalog, you need not do anything: nobody gets in with it.",
	},
}

// linkFor returns the link of a purpose. The second result is false if no mail has a link of that purpose.
func linkFor(purpose string) (link, bool) {
	i := slices.IndexFunc(links, func(l link) bool { return string(l.purpose) == purpose })
	if i < 0 {
		return link{}, false
	}
	return links[i], true
}

// linkOf returns the kind of link of a delivery. The second result is false for others.
func linkOf(d *ent.Delivery) (link, bool) {
	purpose, _, _ := strings.Cut(d.DedupKey, "/")
	return linkFor(purpose)
}

// isConfirmation reports whether a delivery has the link that confirms an address.
func isConfirmation(d *ent.Delivery) bool {
	l, _ := linkOf(d)
	return l.purpose == onetimetoken.PurposeEmailConfirmation
}

// issue returns a new token for a mail to an administrator. Returns an error if they were deleted or disabled, or
// one of their addresses changed, since they were read: that invalidated their earlier tokens, and a new one must not
// replace them.
func issue(ctx context.Context, tx *ent.Tx, l link, to *ent.Admin) (string, error) {
	query := tx.Admin.Query().
		Where(admin.ID(to.ID), admin.Email(to.Email), admin.PendingEmail(to.PendingEmail), isThere())
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	if _, err := query.Only(ctx); err != nil {
		return "", fmt.Errorf("the recipient has changed: %w", err)
	}
	return auth.IssueOneTimeToken(ctx, tx, l.purpose, &to.ID, l.lifetime)
}

// composeLink completes a message with a new link. It invalidates earlier links, so only the last of several repeated
// mails has a valid one.
func (w *deliverer) composeLink(ctx context.Context, m mail.Message, l link, to *ent.Admin) (mail.Message, error) {
	var token string
	err := w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) (err error) {
		token, err = issue(ctx, tx, l, to)
		return err
	})
	if err != nil {
		return m, err
	}
	m.Tag, m.Subject = l.tag, l.subject
	m.Text, m.HTML, err = render(accountTemplate, accountView{
		Subject:   l.subject,
		Name:      plain(to.Name),
		Text:      l.text,
		Action:    l.action,
		Link:      w.PublicURL + l.page + token,
		Until:     w.DB.Now().Add(l.lifetime).Format("2 January 2006, 15:04 UTC"),
		Otherwise: l.otherwise,
	})
	return m, err
}
