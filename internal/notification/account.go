package notification

import (
	"bytes"
	"context"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/queue"
)

// accountWorker sends mails with one-time links. A link dies when the next is made, so a repeated mail
// has the only link that works.
type accountWorker struct {
	river.WorkerDefaults[queue.AccountMailArgs]
	Deps
}

// accountView is what the account templates show.
type accountView struct {
	Subject, Name, Text, Action, Link, Until, Otherwise string
}

// accountKind is one kind of account mail.
type accountKind struct {
	purpose                          onetimetoken.Purpose
	lifetime                         time.Duration
	tag, page                        string
	subject, text, action, otherwise string
}

func kindOf(purpose string) (accountKind, error) {
	switch onetimetoken.Purpose(purpose) {
	case onetimetoken.PurposeInvitation:
		return accountKind{
			purpose: onetimetoken.PurposeInvitation, lifetime: auth.InvitationTokenLifetime,
			tag:       tagInvitation,
			page:      "/accept-invitation#token=",
			subject:   "You are invited to the catalog",
			text:      "You are invited to administer the catalog. Open this link and choose a password:",
			action:    "Accept the invitation",
			otherwise: "If you did not expect an invitation, you need not do anything.",
		}, nil
	case onetimetoken.PurposePasswordReset:
		return accountKind{
			purpose: onetimetoken.PurposePasswordReset, lifetime: auth.PasswordResetTokenLifetime,
			tag:       tagPasswordReset,
			page:      "/reset-password#token=",
			subject:   "Reset your password for the catalog",
			text:      "Somebody, we hope you, asked for a new password. Open this link and choose one:",
			action:    "Choose a new password",
			otherwise: "If it was not you, you need not do anything: your password stays as it is.",
		}, nil
	case onetimetoken.PurposeSetup:
	}
	return accountKind{}, fmt.Errorf("notification: no account mail has the purpose %q", purpose)
}

// NextRetry waits longer with each failure.
func (*accountWorker) NextRetry(job *river.Job[queue.AccountMailArgs]) time.Time {
	return time.Now().Add(backoff(job.Attempt))
}

// Work makes a token and mails it, if the administrator is still there.
func (w *accountWorker) Work(ctx context.Context, job *river.Job[queue.AccountMailArgs]) error {
	kind, err := kindOf(job.Args.Purpose)
	if err != nil {
		return river.JobCancel(err)
	}
	to, err := w.DB.Reader().Admin.Query().Where(isThere(job.Args.AdminID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("account mail: %w", err)
	}
	id := w.messageID(fmt.Sprintf("account-%s-%d", to.ID, job.ID))
	if wasTried(job) {
		accepted, err := w.Mailer.Accepted(ctx, id, job.CreatedAt)
		if err != nil {
			return w.failed(ctx, err)
		}
		if accepted[strings.ToLower(to.Email)] {
			return nil
		}
	}
	m, err := w.compose(ctx, kind, to, id, job.CreatedAt)
	if err != nil {
		return err
	}
	if _, err := w.Mailer.Send(ctx, m); err != nil {
		return w.failed(ctx, err)
	}
	return nil
}

// wasTried reports whether an earlier try of the job may have sent the mail.
func wasTried(job *river.Job[queue.AccountMailArgs]) bool {
	return job.Attempt > 1 || bytes.Contains(job.Metadata, []byte(`"snoozes"`))
}

// isThere holds for the administrator if mails with links may go to them.
func isThere(id uuid.UUID) predicate.Admin {
	return admin.And(admin.ID(id), admin.DeleteTimeIsNil(), admin.Disabled(false))
}

// issue returns a new token for a mail to an administrator. Returns an error if they left or have
// another address since they were read: what they had is worthless by then, and must stay so.
func issue(ctx context.Context, tx *ent.Tx, kind accountKind, to *ent.Admin) (string, error) {
	query := tx.Admin.Query().Where(isThere(to.ID), admin.Email(to.Email))
	if db.LocksRows(ctx) {
		query.ForUpdate()
	}
	if _, err := query.Only(ctx); err != nil {
		return "", fmt.Errorf("the recipient has changed: %w", err)
	}
	return auth.IssueOneTimeToken(ctx, tx, kind.purpose, &to.ID, kind.lifetime)
}

func (w *accountWorker) compose(
	ctx context.Context, kind accountKind, to *ent.Admin, id string, created time.Time,
) (m mail.Message, err error) {
	var token string
	err = w.DB.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		token, err = issue(ctx, tx, kind, to)
		return err
	})
	if err != nil {
		return m, fmt.Errorf("account mail: %w", err)
	}
	m = mail.Message{
		ID: id, Time: created, From: w.From, Subject: kind.subject, Tag: kind.tag,
		To: []netmail.Address{{Name: to.Name, Address: to.Email}},
	}
	m.Text, m.HTML, err = render(accountTemplate, accountView{
		Subject:   kind.subject,
		Name:      plain(to.Name),
		Text:      kind.text,
		Action:    kind.action,
		Link:      w.PublicURL + kind.page + token,
		Until:     now().Add(kind.lifetime).Format("2 January 2006, 15:04 UTC"),
		Otherwise: kind.otherwise,
	})
	return m, err
}

// failed says what River is to do after an error of the mailer.
func (w *accountWorker) failed(ctx context.Context, err error) error {
	e := mail.AsError(err)
	switch {
	case e.Kind == mail.Permanent:
		w.Log.ErrorContext(ctx, "account mail cannot be sent", "error", e.Message)
		return river.JobCancel(e)
	case e.RetryAfter > 0:
		return river.JobSnooze(e.RetryAfter)
	default:
		return e
	}
}
