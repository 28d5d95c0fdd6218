// Package mail sends mail through Mailgun, an SMTP server, or into a folder on this machine.
//
// Delivery is at least once. Callers give each message an ID and reuse it in every attempt. Whether an
// attempt of unknown outcome, such as one that is killed, can lead to a duplicate depends on the mailer:
//
//   - Mailbox: sending is idempotent, a retry overwrites the same file. There are no duplicates.
//   - Mailgun: Accepted looks the ID up in Mailgun's event log. A duplicate is sent only if Mailgun accepted
//     the first mail and its log does not show it after Settle. A domain sending key may not read the log: then
//     Mailgun is like SMTP.
//   - SMTP: there is no lookup. A duplicate is sent if the server accepted the first mail and its reply was
//     lost.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"time"
)

// Message is a mail to one or more recipients. Each gets a separate mail and cannot see the others.
type Message struct {
	// ID is the Message-ID header without angle brackets, the same in every attempt.
	ID string
	// Time is the Date header, the same in every attempt.
	Time    time.Time
	From    netmail.Address
	To      []netmail.Address
	Subject string
	Text    string
	HTML    string
	// Tag groups mails in the mail server's statistics, if it has any.
	Tag string
}

// Mailer sends mail. It is safe for concurrent use.
type Mailer interface {
	// Send hands the message over for all recipients or for none, and returns the mail server's ID of it.
	// There must be 1 to BatchSize recipients. Every error is an *Error.
	Send(ctx context.Context, m Message) (id string, err error)

	// Accepted returns the addresses, in lower case, for which the mail server is known to have accepted
	// the message since the given time. Every error is an *Error, of kind Unreadable if the mail server will never
	// tell.
	Accepted(ctx context.Context, id string, since time.Time) (map[string]bool, error)

	// Settle returns how long after an attempt of unknown outcome Accepted is reliable: by then the
	// attempt has timed out and Accepted shows its effect.
	Settle() time.Duration

	// BatchSize returns the maximum number of recipients of a message.
	BatchSize() int
}

// Kind classifies errors by the fate of the message.
type Kind int

const (
	// Unknown means that the message may have been accepted.
	Unknown Kind = iota
	// Temporary means that the message was not accepted and a retry may succeed.
	Temporary
	// Permanent means that the message was not accepted and retries are pointless.
	Permanent
	// Limited means that a rate limit rejected the message and will reject all others until RetryAfter has
	// passed. It is not the message's fault.
	Limited
	// Unreadable means that the mail server does not tell which messages it accepted, because our key may not ask.
	Unreadable
)

// Error is why a message was not sent. It contains no secrets.
type Error struct {
	Kind Kind
	// RetryAfter is the minimum delay before the next attempt.
	RetryAfter time.Duration
	// Message is the mail server's reply, or why there was none.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// AsError returns err as an *Error, of kind Unknown if err is of another type.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Unknown, Message: err.Error()}
}

// Config selects a mailer: Mailgun if MailgunDomain is set, SMTP if SMTPURL is, else the local mailbox.
type Config struct {
	MailgunDomain string
	MailgunAPIKey string
	// MailgunBaseURL is the API's base URL without a version, such as "https://api.eu.mailgun.net". Empty
	// means Mailgun's in the United States.
	MailgunBaseURL string
	// SMTPURL is the argument of NewSMTP.
	SMTPURL string
	// MailboxDir is the folder of the local mailbox.
	MailboxDir string
}

// New returns the configured mailer. Returns an error if the configuration is invalid.
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
