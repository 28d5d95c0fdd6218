package notification

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

// The tags of the mails, for the statistics of mail servers that have them.
const (
	tagChanges           = "changes"
	tagInvitation        = "invitation"
	tagPasswordReset     = "password-reset"
	tagEmailConfirmation = "email-confirmation"
	tagSecurity          = "security"
)

// The names of the mails' templates. Each exists as text and as HTML.
const (
	changesTemplate  = "changes"
	accountTemplate  = "account"
	securityTemplate = "security"
)

//go:embed templates
var files embed.FS

var (
	textTemplates = texttemplate.Must(texttemplate.New("").
			Funcs(texttemplate.FuncMap{"indent": indent, "or_none": orNone}).
			ParseFS(files, "templates/*.txt"))
	htmlTemplates = htmltemplate.Must(htmltemplate.New("").
			Funcs(htmltemplate.FuncMap{"or_none": orNone}).
			ParseFS(files, "templates/*.html"))
)

// render returns a mail as text and as HTML.
func render(name string, data any) (text, html string, err error) {
	var t, h strings.Builder
	if err := textTemplates.ExecuteTemplate(&t, name+".txt", data); err != nil {
		return "", "", fmt.Errorf("render: %w", err)
	}
	if err := htmlTemplates.ExecuteTemplate(&h, name+".html", data); err != nil {
		return "", "", fmt.Errorf("render: %w", err)
	}
	return t.String(), h.String(), nil
}

// indent indents the continuation lines of a value, so that they do not look like lines of the mail.
func indent(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\n      ")
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}
