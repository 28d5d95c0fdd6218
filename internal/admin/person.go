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

// person is the normalized identity of an administrator.
type person struct {
	email string
	name  string
}

// newPerson normalizes and validates input. Returns a fault on the fields email and name below path, which is
// empty or ends in a dot.
func newPerson(path, email, name string) (person, error) {
	cleanedEmail, badEmail := cleanEmail(email)
	cleanedName, badName := cleanName(name)
	if err := blame(at(path+"email", badEmail), at(path+"name", badName)); err != nil {
		return person{}, err
	}
	return person{email: cleanedEmail, name: cleanedName}, nil
}

// problem is a violation without its field; the zero value means valid.
type problem struct {
	reason fault.FieldReason
	text   string
}

// at returns the violation of a field.
func at(field string, p problem) fault.Violation {
	return fault.Violation{Field: field, Reason: p.reason, Description: p.text}
}

// blame returns a fault with the violations that have a reason; nil if there are none.
func blame(violations ...fault.Violation) error {
	violations = slices.DeleteFunc(violations, func(v fault.Violation) bool { return v.Reason == "" })
	if len(violations) == 0 {
		return nil
	}
	return fault.Fields(violations...)
}

var notEmail = problem{fault.FieldNotEmail, "must be an e-mail address such as ana@example.com"}

// cleanEmail returns the normalized address: lower case, with an international domain in ASCII, as UTS 46 maps it for
// a look-up (Punycode), so that each of its spellings is the same address. The local part must be ASCII: few mail
// servers support others, and a letter that looks like another is never changed into it.
func cleanEmail(typed string) (string, problem) {
	typed = strings.TrimSpace(typed)
	local, domain, found := strings.Cut(typed, "@")
	if !found || strings.Contains(domain, "@") {
		return "", notEmail
	}
	// Before the case changes: the lower case of some letters, such as the Kelvin sign, is ASCII.
	if strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", problem{fault.FieldNotEmail, "must have only letters from a to z, digits and ASCII signs before the @"}
	}
	domain, ok := asciiDomain(domain)
	if !ok {
		return "", problem{fault.FieldNotEmail, "must have a valid domain behind the @"}
	}
	email := strings.ToLower(local + "@" + domain)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", notEmail
	}
	if len(email) > maxEmailLength {
		return "", problem{fault.FieldTooLong, "must have at most 254 characters"}
	}
	return email, problem{}
}

// asciiDomain returns the form of a domain for a look-up. Returns false if it has none, or one that is not valid
// itself, as of text that is not UTF-8.
func asciiDomain(domain string) (string, bool) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", false
	}
	again, err := idna.Lookup.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// accountOf returns the rate limit key of an account: its normalized address, or, for invalid input, a key that
// no account has.
func accountOf(typed string) string {
	if email, bad := cleanEmail(typed); bad == (problem{}) {
		return email
	}
	return "?" + strings.ToLower(strings.TrimSpace(typed))
}

// cleanName returns the normalized name, without characters that could disguise it: see text.Label.
func cleanName(typed string) (string, problem) {
	name := text.Label(typed)
	switch {
	case text.Blank(name):
		return "", problem{fault.FieldRequired, "must not be empty"}
	case utf8.RuneCountInString(name) > maxNameLength:
		return "", problem{fault.FieldTooLong, "must have at most 100 characters"}
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", problem{fault.FieldControlCharacters, "must not contain control characters"}
	}
	return name, problem{}
}

// checkPassword is auth.CheckPassword for the person.
func (p person) checkPassword(field, password string) error {
	return auth.CheckPassword(field, password, p.email, p.name)
}

// emailTaken maps a violation of the unique index on live addresses to EMAIL_TAKEN. It returns other errors
// unchanged.
func emailTaken(err error, email string) error {
	if !db.IsUniqueViolation(err, "admin_live_email") {
		return err
	}
	return errEmailTaken(email).Because(err)
}

func errEmailTaken(email string) *fault.Error {
	return fault.New(fault.AlreadyExists, fault.EmailTaken, "Another administrator has the e-mail address %s.", email)
}

// active reports whether an administrator can sign in.
func active(a *ent.Admin) bool {
	return a.DeleteTime == nil && !a.Disabled && a.PasswordHash != ""
}

// invited reports whether an administrator is enabled and has not set a password yet.
func invited(a *ent.Admin) bool {
	return a.DeleteTime == nil && !a.Disabled && a.PasswordHash == ""
}
