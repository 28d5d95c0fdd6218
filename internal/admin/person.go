package admin

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/text"
)

const (
	maxEmailLength = 254
	maxNameLength  = 100
)

// person is who an administrator is, as it is stored.
type person struct {
	email string
	name  string
}

// newPerson returns a person for what a caller typed. Returns a fault that blames the fields email
// and name below path, which is empty or ends in a dot.
func newPerson(path, email, name string) (person, error) {
	cleanedEmail, badEmail := cleanEmail(email)
	cleanedName, badName := cleanName(name)
	if err := blame(at(path+"email", badEmail), at(path+"name", badName)); err != nil {
		return person{}, err
	}
	return person{email: cleanedEmail, name: cleanedName}, nil
}

// flaw is what is wrong with a text that a caller typed, whatever its field; the zero value is nothing.
type flaw struct {
	reason fault.FieldReason
	text   string
}

// at returns the violation of a field that has a flaw.
func at(field string, f flaw) fault.Violation {
	return fault.Violation{Field: field, Reason: f.reason, Description: f.text}
}

// blame returns a fault with those violations that have a reason, and nil if none has.
func blame(violations ...fault.Violation) error {
	violations = slices.DeleteFunc(violations, func(v fault.Violation) bool { return v.Reason == "" })
	if len(violations) == 0 {
		return nil
	}
	return fault.Fields(violations...)
}

// notEmail is the flaw of what is no address at all.
var notEmail = flaw{fault.FieldNotEmail, "must be an e-mail address such as ana@example.com"}

// cleanEmail returns an address in the form in which it is stored and compared: lower case, an
// international domain in its ASCII form. Local parts must be ASCII, because few mail servers take
// others.
func cleanEmail(typed string) (string, flaw) {
	typed = strings.TrimSpace(typed)
	local, domain, found := strings.Cut(typed, "@")
	if !found || strings.Contains(domain, "@") {
		return "", notEmail
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", flaw{fault.FieldNotEmail, "must have a valid domain behind the @"}
	}
	email := strings.ToLower(local + "@" + domain)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", notEmail
	}
	switch {
	case len(email) > maxEmailLength:
		return "", flaw{fault.FieldTooLong, "must have at most 254 characters"}
	case strings.ContainsFunc(email, func(r rune) bool { return r > unicode.MaxASCII }):
		return "", flaw{fault.FieldNotEmail, "must have no accents or other special letters before the @"}
	}
	return email, flaw{}
}

// accountOf returns what stands for an account when somebody signs in: its stored address, or for what
// is no address at all something that no account has.
func accountOf(typed string) string {
	if email, bad := cleanEmail(typed); bad == (flaw{}) {
		return email
	}
	return "?" + strings.ToLower(strings.TrimSpace(typed))
}

// cleanName returns a name in the form in which it is stored.
func cleanName(typed string) (string, flaw) {
	name := text.Clean(typed)
	switch {
	case text.Blank(name):
		return "", flaw{fault.FieldRequired, "must not be empty"}
	case utf8.RuneCountInString(name) > maxNameLength:
		return "", flaw{fault.FieldTooLong, "must have at most 100 characters"}
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", flaw{fault.FieldControlCharacters, "must not contain control characters"}
	}
	return name, flaw{}
}

// checkPassword is auth.CheckPassword for the person.
func (p person) checkPassword(field, password string) error {
	return auth.CheckPassword(field, password, p.email)
}

// emailTaken turns the database's refusal of a second live administrator with one address into a
// fault. Other errors stay as they are.
func emailTaken(err error, email string) error {
	if !db.IsUniqueViolation(err, "admin_live_email") {
		return err
	}
	return fault.New(fault.AlreadyExists, fault.EmailTaken,
		"Another administrator has the e-mail address %s.", email).Because(err)
}

// active reports whether an administrator can sign in.
func active(a *ent.Admin) bool {
	return a.DeleteTime == nil && !a.Disabled && a.PasswordHash != ""
}

// invited reports whether an administrator has still to choose a password, and may.
func invited(a *ent.Admin) bool {
	return a.DeleteTime == nil && !a.Disabled && a.PasswordHash == ""
}
