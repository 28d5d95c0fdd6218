// Package mail hands mails over: to Mailgun, to an SMTP server, or to a folder on this machine.
//
// A caller gives each message an ID and keeps it for every try of the same message. What happens if a
// try is cut off, so that nobody knows whether the message was taken, depends on the mailer:
//
//   - Mailbox: a repeat overwrites the file of the first try. There is never a second mail.
//   - Mailgun: Accepted asks Mailgun's event log for the ID. There is a second mail only if Mailgun
//     took the first and its log still does not say so when Settle has passed.
//   - SMTP: the protocol cannot be asked. There is a second mail if the server took the first and
//     its answer did not arrive.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"time"
)

// Message is a mail to one or more people, each of whom gets a mail of their own and sees nobody else.
type Message struct {
	// ID is the Message-ID header without angle brackets. It is the same in every try.
	ID string
	// Time is the Date header. It is the same in every try.
	Time    time.Time
	From    netmail.Address
	To      []netmail.Address
	Subject string
	Text    string
	HTML    string
	// Tag groups mails in the statistics of mail servers that have any.
	Tag string
}

// Mailer hands mails over. It may be used by several goroutines.
type Mailer interface {
	// Send hands the message over for all recipients or for none, and returns the ID by which the mail
	// server knows it. There must be at least one recipient and at most BatchSize. Every error is an
	// *Error.
	Send(ctx context.Context, m Message) (id string, err error)

	// Accepted returns which addresses the message with the ID was accepted for, in lower case, as far
	// as can be known. Tries before since are not looked for. Every error is an *Error.
	Accepted(ctx context.Context, id string, since time.Time) (map[string]bool, error)

	// Settle returns how long after a try of which nothing was heard Accepted is to be believed: the try
	// must be over, and be seen.
	Settle() time.Duration

	// BatchSize returns how many recipients one message may have.
	BatchSize() int
}

// Kind says what an error means for the message.
type Kind int

const (
	// Unknown means that the message may have been taken.
	Unknown Kind = iota
	// Temporary means that the message was not taken, and may be later.
	Temporary
	// Permanent means that the message was not taken and never will be.
	Permanent
	// Limited means that the message was not taken because there were too many, and that no other will
	// be before RetryAfter has passed. It says nothing about the message.
	Limited
)

// Error says why a message was not handed over. It holds no secrets.
type Error struct {
	Kind Kind
	// RetryAfter is how long to wait at least before the next try.
	RetryAfter time.Duration
	// Message is what the mail server said, or what kept it from saying anything.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// AsError returns err as an *Error: one of kind Unknown if it is something else.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Unknown, Message: err.Error()}
}

// Config chooses a mailer: Mailgun if there is a domain, SMTP if there is a URL, else the local mailbox.
type Config struct {
	MailgunDomain string
	MailgunAPIKey string
	// MailgunBaseURL is the address of the API's host without a version, such as
	// "https://api.eu.mailgun.net". Empty means the United States'.
	MailgunBaseURL string
	// SMTPURL is as NewSMTP takes it.
	SMTPURL string
	// MailboxDir is the folder of the local mailbox.
	MailboxDir string
}

// New returns the mailer that the configuration chooses. Returns an error if it makes no sense.
func New(c Config) (Mailer, error) {
	switch {
	case c.MailgunDomain != "":
		if c.MailgunAPIKey == "" {
			return nil, fmt.Errorf("mail: the Mailgun domain %s needs an API key", c.MailgunDomain)
		}
		return NewMailgun(c.MailgunDomain, c.MailgunAPIKey, c.MailgunBaseURL)
	case c.SMTPURL != "":
		return NewSMTP(c.SMTPURL)
	default:
		return NewMailbox(c.MailboxDir), nil
	}
}
