package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// smtpTimeout bounds sending one mail, from connecting to the final reply.
	smtpTimeout = 30 * time.Second
	// smtpSettle exceeds smtpTimeout, so that no attempt is still in flight.
	smtpSettle = 45 * time.Second
)

// SMTP sends mail through an SMTP server, with one connection per mail.
type SMTP struct {
	host     string
	password string
	options  []gomail.Option
}

// NewSMTP returns a mailer for a server at "smtp://user:password@host:port" (STARTTLS, port 587) or
// "smtps://…" (implicit TLS, port 465). STARTTLS is opportunistic, but mandatory for a password sent to a
// host that is not loopback. Returns an error that does not contain the password if the URL is invalid.
func NewSMTP(rawURL string) (*SMTP, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("mail: the SMTP URL is malformed")
	}
	if u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("mail: the SMTP URL must look like smtp://user:password@host:587 or smtps://…")
	}
	s := &SMTP{host: u.Hostname(), options: []gomail.Option{gomail.WithTimeout(smtpTimeout)}}
	port := 587
	if u.Scheme == "smtps" {
		port = 465
		s.options = append(s.options, gomail.WithSSL())
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errors.New("mail: the port of the SMTP URL is not a number")
		}
	}
	s.options = append(s.options, gomail.WithPort(port))
	policy := gomail.TLSOpportunistic
	if u.User != nil {
		s.password, _ = u.User.Password()
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(s.password))
		if !isLoopback(s.host) {
			policy = gomail.TLSMandatory
		}
	}
	s.options = append(s.options, gomail.WithTLSPolicy(policy))
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("mail: the SMTP URL is invalid: %s", excerpt(err.Error(), s.password))
	}
	return s, nil
}

// errNoAuth is returned if the server offers no way to sign in that is safe on the connection. On one without TLS,
// that leaves out those that send the password.
var errNoAuth = errors.New("no way to sign in: without TLS a password is not sent; " +
	"use smtps://, a server with STARTTLS, or a URL without a password")

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send sends the mail. The message must have exactly one recipient.
func (s *SMTP) Send(ctx context.Context, m Message) (string, error) {
	if len(m.To) != 1 {
		return "", &Error{Kind: Permanent, Message: "SMTP takes one recipient at a time"}
	}
	msg, err := compose(m, m.To[0])
	if err != nil {
		return "", &Error{Kind: Permanent, Message: err.Error()}
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return "", &Error{Kind: Permanent, Message: excerpt(err.Error(), s.password)}
	}
	ctx, cancel := context.WithTimeout(ctx, smtpTimeout)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		if errors.Is(err, gomail.ErrNoSupportedAuthDiscovered) {
			err = errNoAuth
		}
		return "", &Error{Kind: Temporary, Message: excerpt("connect to SMTP server: "+err.Error(), s.password)}
	}
	if err := client.Send(msg); err != nil {
		_ = client.Close() // unusable after an error
		return "", s.classify(err)
	}
	_ = client.Close() // the mail was accepted already
	return m.ID, nil
}

// classify maps an SMTP error to an Error. The outcome is unknown only if the reply to the mail's data is
// missing.
func (s *SMTP) classify(err error) *Error {
	e := &Error{Kind: Temporary, Message: excerpt("SMTP server: "+err.Error(), s.password)}
	var sendErr *gomail.SendError
	if !errors.As(err, &sendErr) {
		e.Kind = Unknown
		return e
	}
	code := sendErr.ErrorCode()
	switch {
	case code >= 500:
		e.Kind = Permanent
	case code == 0 && (sendErr.Reason == gomail.ErrSMTPDataClose || sendErr.Reason == gomail.ErrAmbiguous):
		e.Kind = Unknown
	}
	return e
}

// Accepted returns nothing: SMTP has no lookup.
func (*SMTP) Accepted(context.Context, string, time.Time) (map[string]bool, error) {
	return map[string]bool{}, nil
}

// Settle returns a time longer than the timeout of an attempt.
func (*SMTP) Settle() time.Duration { return smtpSettle }

// BatchSize returns 1.
func (*SMTP) BatchSize() int { return 1 }
