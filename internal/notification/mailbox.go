package notification

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	netmail "net/mail"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/pagination"
)

var (
	errNoMailbox = fault.New(fault.FailedPrecondition, fault.MailboxNotInUse,
		"Mails go out through a mail server, so there is no local mailbox.")
	errNoMessage = fault.New(fault.NotFound, fault.MailboxMessageNotFound,
		"There is no such mail in the local mailbox.")
)

// ListMailboxMessages returns a page of the mails that the caller may read, newest first. Returns MAILBOX_NOT_IN_USE
// or PAGE_TOKEN_INVALID.
func (s *Service) ListMailboxMessages(
	ctx context.Context, req *catalogv1.ListMailboxMessagesRequest,
) (*catalogv1.ListMailboxMessagesResponse, error) {
	mayRead, err := s.mailboxReader(ctx)
	if err != nil {
		return nil, err
	}
	const list = "mailbox"
	var behind mail.Position
	if _, err := pagination.Parse(req.GetPageToken(), list, &behind); err != nil {
		return nil, err
	}
	size := pagination.Size(req.GetPageSize())
	items, err := s.mailbox.List(behind, size+1, mayRead)
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.ListMailboxMessagesResponse{}
	for i := range items[:min(size, len(items))] {
		resp.Messages = append(resp.Messages, toMailboxMessage(&items[i]))
	}
	if len(items) > size {
		resp.NextPageToken, err = pagination.Token(list, items[size-1].Position())
	}
	return resp, err
}

// GetMailboxMessage returns a mail that the caller may read, with its bodies. Returns MAILBOX_NOT_IN_USE,
// MAILBOX_MESSAGE_NOT_FOUND or REAUTHENTICATION_REQUIRED.
func (s *Service) GetMailboxMessage(
	ctx context.Context, req *catalogv1.GetMailboxMessageRequest,
) (*catalogv1.GetMailboxMessageResponse, error) {
	mayRead, err := s.mailboxReader(ctx)
	if err != nil {
		return nil, err
	}
	letter, err := s.mailbox.Read(req.GetId())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoMessage
	}
	if err != nil {
		return nil, err
	}
	if !mayRead(&letter.Item) {
		return nil, errNoMessage
	}
	if letter.Tag() == tagInvitation {
		if err := s.mayAccept(ctx); err != nil {
			return nil, err
		}
	}
	m := toMailboxMessage(&letter.Item)
	m.Text, m.Html = letter.Text, letter.HTML
	return &catalogv1.GetMailboxMessageResponse{Message: m}, nil
}

// mailboxReader returns a predicate for the mails that the caller may read: their own, and others' mails that grant no
// extra privilege. Every administrator may read the history, and may create an administrator with a password of their
// choice, which is all that an invitation link allows: see mayAccept. Any other mail, including future kinds, could
// hold a link that lets its reader take over an account. A mail that confirms an address is its administrator's.
func (s *Service) mailboxReader(ctx context.Context) (func(*mail.Item) bool, error) {
	if s.mailbox == nil {
		return nil, errNoMailbox
	}
	id, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	caller, err := s.db.Reader().Admin.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	return func(item *mail.Item) bool {
		tag, to := item.Tag(), item.To().Address
		return tag == tagChanges || tag == tagInvitation || strings.EqualFold(to, caller.Email) ||
			tag == tagEmailConfirmation && strings.EqualFold(to, caller.PendingEmail)
	}, nil
}

func toMailboxMessage(item *mail.Item) *catalogv1.MailboxMessage {
	return &catalogv1.MailboxMessage{
		Id:       item.File,
		From:     written(item.From()),
		To:       written(item.To()),
		Subject:  item.Subject(),
		SendTime: timestamppb.New(item.ModTime),
	}
}

// mayAccept returns REAUTHENTICATION_REQUIRED unless the caller proved who they are lately: the link of an invitation
// makes its reader an administrator, for which CreateAdmin asks the same.
func (s *Service) mayAccept(ctx context.Context) error {
	principal, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return errNoCaller
	}
	return auth.RequireReauthentication(principal, s.db.Now())
}

// written formats an address for people.
func written(a netmail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name + " <" + a.Address + ">"
}
