package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/fault"
)

type adminCmd struct {
	Create         adminCreateCmd         `cmd:"" help:"Create an active administrator."`
	RemovePasskeys adminRemovePasskeysCmd `cmd:"" help:"Remove all passkeys and recovery codes of an administrator who lost them."`
	Events         adminEventsCmd         `cmd:"" help:"Print the audit trail of security events."`
	Erase          adminEraseCmd          `cmd:"" help:"Replace the name and addresses of a deleted administrator by a pseudonym."`
}

type adminCreateCmd struct {
	config.Storage
	config.Logging

	Email         string `env:"CATALOG_EMAIL" help:"E-mail address." placeholder:"ADDRESS" required:"true"`
	Name          string `env:"CATALOG_NAME" help:"Display name." placeholder:"NAME" required:"true"`
	PasswordStdin bool   `env:"CATALOG_PASSWORD_STDIN" help:"Read the password from standard input: 12 to 128 characters, one line." required:"true"`
}

// Help is shown by admin create --help.
func (*adminCreateCmd) Help() string {
	return "Writes to the database directly, whether or not the server is running or other administrators exist. " +
		"Prints the id of the new administrator."
}

// Run creates the administrator.
func (c *adminCreateCmd) Run(ctx context.Context) error {
	password, err := readPassword()
	if err != nil {
		return err
	}
	id, err := app.CreateAdmin(ctx, c.Storage, newLogger(c.Logging), c.Email, c.Name, password)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return errors.New(f.Message)
	}
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

type adminRemovePasskeysCmd struct {
	config.Storage
	config.Logging

	Email string `arg:"" help:"E-mail address of the administrator."`
}

// Help is shown by admin remove-passkeys --help.
func (*adminRemovePasskeysCmd) Help() string {
	return "Writes to the database directly, whether or not the server is running. The administrator then signs in with " +
		"the password alone, or adds a passkey while signing in if the security policy requires one, and is told by mail. " +
		"First make sure that whoever asks is that person. Sessions stay: end them in the console if a device was stolen."
}

// Run removes the passkeys.
func (c *adminRemovePasskeysCmd) Run(ctx context.Context) error {
	removed, err := app.RemovePasskeys(ctx, c.Storage, newLogger(c.Logging), c.Email)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return errors.New(f.Message)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d passkeys removed\n", removed)
	return nil
}
