package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/config"
)

// welcome prints where to go, and how to create the first administrator while there is none.
func (a *App) welcome(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe catalog is ready.\n\n")
	fmt.Fprintf(&b, "  API   %s   Connect, gRPC, gRPC-Web and JSON\n", a.URL())
	fmt.Fprintf(&b, "  Docs  %s/docs\n", a.URL())
	fmt.Fprintf(&b, "  Data  %s\n", a.database())
	fmt.Fprintf(&b, "  Mail  %s\n\n", a.mail())
	err := a.invite(ctx, &b)
	if _, printErr := a.stdout.Write([]byte(b.String())); printErr != nil {
		return fmt.Errorf("print where to go: %w", printErr)
	}
	return err
}

// invite adds a link to the page that creates the first administrator, and the equivalent command.
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
		program(), a.storageFlags())
	return nil
}

// storageFlags returns the flags with which a command finds the same data. What holds a password, or
// came from the environment anyway, stays out.
func (a *App) storageFlags() string {
	if a.cfg.DatabaseURL != "" || a.cfg.DataDir == "./catalog-data" {
		return ""
	}
	return " --data-dir " + a.cfg.DataDir
}

// program returns how to call this program.
func program() string {
	if strings.HasPrefix(os.Args[0], os.TempDir()) { // go run builds there
		return "go run ./cmd/catalog"
	}
	return os.Args[0]
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
