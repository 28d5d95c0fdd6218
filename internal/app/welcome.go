package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/config"
)

// welcome prints the addresses of the server and, while there is no administrator, how to create the first one.
func (a *App) welcome(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe catalog is ready.\n\n")
	fmt.Fprintf(&b, "  API   %s   Connect, gRPC, gRPC-Web and JSON\n", a.URL())
	fmt.Fprintf(&b, "  Docs  %s/docs\n", a.URL())
	fmt.Fprintf(&b, "  Data  %s\n", a.database())
	if a.cfg.Has(config.RoleNotification) {
		fmt.Fprintf(&b, "  Mail  %s\n", a.mail())
	}
	if len(a.cfg.Roles) < len(allRoles) {
		fmt.Fprintf(&b, "  Roles %s\n", strings.Join(a.cfg.Roles, ", "))
	}
	b.WriteString("\n")
	err := a.invite(ctx, &b)
	if _, printErr := a.stdout.Write([]byte(b.String())); printErr != nil {
		return fmt.Errorf("print where to go: %w", printErr)
	}
	return err
}

// invite adds the setup link, and the equivalent command.
func (a *App) invite(ctx context.Context, b *strings.Builder) error {
	if !a.cfg.Has(config.RoleAdmin) {
		return nil
	}
	token, needed, err := admin.SetupToken(ctx, a.parts.db)
	if err != nil || !needed {
		return err
	}
	fmt.Fprintf(b, "There is no administrator yet. This link creates the first one; it works once:\n\n")
	fmt.Fprintf(b, "  %s/setup#token=%s\n\n", a.URL(), token)
	fmt.Fprintf(b, "This command does the same:\n\n")
	fmt.Fprintf(b, "  %s admin create --email you@example.com --name 'Your Name' --password-stdin%s\n\n",
		program(os.Args[0]), a.storageFlags())
	return nil
}

// storageFlags returns the shell-quoted flags with which a command finds the same data; none for the default. It
// omits a URL with a password.
func (a *App) storageFlags() string {
	switch database := a.cfg.DatabaseURL; {
	case database != "" && database.String() == string(database):
		return " --database-url " + quote(string(database))
	case database == "" && a.cfg.DataDir != "./catalog-data":
		return " --data-dir " + quote(a.cfg.DataDir)
	}
	return ""
}

// program returns the shell command that runs this program.
func program(path string) string {
	if strings.Contains(path, "go-build") { // the build folder of go run
		return "go run ./cmd/catalog"
	}
	return quote(path)
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// quote quotes a word for a POSIX shell.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func (a *App) database() string {
	if a.cfg.IsSQLite() {
		return strings.TrimPrefix(a.cfg.URL(), "sqlite:") + " (SQLite)"
	}
	return a.cfg.DatabaseURL.String()
}

func (a *App) mail() string {
	switch {
	case a.cfg.MailgunDomain != "":
		return "through Mailgun, domain " + a.cfg.MailgunDomain
	case a.cfg.SMTPURL != "":
		return "through " + a.cfg.SMTPURL.String()
	default:
		return "local mailbox " + mailboxDir(a.cfg.DataDir)
	}
}

func mailboxDir(dataDir string) string { return filepath.Join(dataDir, "mailbox") }
