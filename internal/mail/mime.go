package mail

import (
	"fmt"
	netmail "net/mail"

	gomail "github.com/wneessen/go-mail"

	"github.com/zebrands/catalog/internal/telemetry"
)

// compose returns the message to one recipient in the format of RFC 5322, as text with an HTML alternative.
// Returns an error if an address is invalid.
func compose(m Message, to netmail.Address) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(header(m.From)); err != nil {
		return nil, fmt.Errorf("the sender's address %q is not valid", telemetry.Mask(m.From.Address))
	}
	if err := msg.AddTo(header(to)); err != nil {
		return nil, fmt.Errorf("the recipient's address %q is not valid", telemetry.Mask(to.Address))
	}
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Time)
	msg.Subject(oneLine(m.Subject))
	// Suppresses out-of-office replies (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// header formats an address for a header.
func header(a netmail.Address) string {
	a.Name = oneLine(a.Name)
	return a.String()
}
