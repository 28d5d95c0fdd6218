package admin

import (
	"errors"
	"net/mail"
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
	var violations []fault.Violation
	cleanedEmail, err := cleanEmail(email)
	if err != nil {
		violations = append(violations, fault.Violation{Field: path + "email", Description: err.Error()})
	}
	cleanedName, err := cleanName(name)
	if err != nil {
		violations = append(violations, fault.Violation{Field: path + "name", Description: err.Error()})
	}
	if len(violations) > 0 {
		return person{}, fault.Fields(violations...)
	}
	return person{email: cleanedEmail, name: cleanedName}, nil
}

// cleanEmail returns an address in the form in which it is stored and compared: lower case, an
// international domain in its ASCII form. Local parts must be ASCII, because few mail servers take
// others. The error describes the field.
func cleanEmail(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	local, domain, found := strings.Cut(typed, "@")
	if !found || strings.Contains(domain, "@") {
		return "", errors.New("must be an e-mail address such as ana@example.com")
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("must have a valid domain behind the @")
	}
	email := strings.ToLower(local + "@" + domain)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", errors.New("must be an e-mail address such as ana@example.com")
	}
	switch {
	case len(email) > maxEmailLength:
		return "", errors.New("must have at most 254 characters")
	case strings.ContainsFunc(email, func(r rune) bool { return r > unicode.MaxASCII }):
		return "", errors.New("must have no accents or other special letters before the @")
	}
	return email, nil
}

// accountOf returns what stands for an account when somebody signs in: its stored address, or for what
// is no address at all something that no account has.
func accountOf(typed string) string {
	if email, err := cleanEmail(typed); err == nil {
		return email
	}
	return "?" + strings.ToLower(strings.TrimSpace(typed))
}

// cleanName returns a name in the form in which it is stored. The error describes the field.
func cleanName(typed string) (string, error) {
	name := text.Clean(typed)
	switch {
	case text.Blank(name):
		return "", errors.New("must not be empty")
	case utf8.RuneCountInString(name) > maxNameLength:
		return "", errors.New("must have at most 100 characters")
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", errors.New("must not contain control characters")
	}
	return name, nil
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
