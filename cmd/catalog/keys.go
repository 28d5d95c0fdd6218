package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/config"
)

type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the keys and their states."`
	Rotate keysRotateCmd `cmd:"" help:"Add the next signing key."`
	Retire keysRetireCmd `cmd:"" help:"Delete a key immediately, for example after a leak."`
}

// keyStorage holds the flags for the storage of the keys.
type keyStorage struct {
	config.Storage
	config.Logging

	SigningKey config.Secret `env:"CATALOG_SIGNING_KEY" help:"As for serve. If it is set, it holds the keys instead of the database, and these commands do not apply." placeholder:"PEM"`
}

// with opens the key store and calls use with it.
func (s keyStorage) with(ctx context.Context, use func(*auth.KeyStore) error) error {
	if s.SigningKey != "" {
		return errors.New("--signing-key (CATALOG_SIGNING_KEY) is set: it holds the keys, so change them there")
	}
	d, err := app.OpenDatabase(ctx, s.Storage, newLogger(s.Logging))
	if err != nil {
		return err
	}
	return errors.Join(use(auth.NewKeyStore(d, s.DataDir)), d.Close())
}

type keysListCmd struct{ keyStorage }

// Help is shown by keys list --help.
func (*keysListCmd) Help() string {
	return "States: next (published, will sign), signs (current), verifies (its earlier tokens are still valid), expired. " +
		"A server with the role admin deletes expired keys within the hour."
}

// Run prints the keys, newest first.
func (c *keysListCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(store *auth.KeyStore) error {
		keys, err := store.List(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "KEY\tSTATE\tSIGNS FROM\tVERIFIES UNTIL")
		for _, k := range keys {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", k.ID, k.State, clock(k.SignTime), clock(k.ExpireTime))
		}
		return table.Flush()
	})
}

type keysRotateCmd struct {
	keyStorage

	SignAfter time.Duration `default:"10m" env:"CATALOG_SIGN_AFTER" help:"How long to publish the key before it signs. Clients may cache /.well-known/jwks.json for 5 minutes; servers pick it up within seconds."`
}

// Help is shown by keys rotate --help.
func (*keysRotateCmd) Help() string {
	return "The new key is published immediately and signs after --sign-after. The previous key verifies until its last " +
		"token has expired, and is then deleted. No session ends, and no server needs a restart. Prints the id of the " +
		"new key."
}

// Run adds a key.
func (c *keysRotateCmd) Run(ctx context.Context) error {
	if c.SignAfter < 0 {
		return fmt.Errorf("--sign-after (CATALOG_SIGN_AFTER) must not be negative, but is %s", c.SignAfter)
	}
	return c.with(ctx, func(store *auth.KeyStore) error {
		k, err := store.Rotate(ctx, c.SignAfter)
		if err != nil {
			return err
		}
		fmt.Println(k.ID)
		fmt.Fprintf(os.Stderr, "It verifies now and signs from %s.\n", clock(k.SignTime))
		return nil
	})
}

type keysRetireCmd struct {
	keyStorage

	Key string `arg:"" help:"Id of the key, from keys list."`
}

// Help is shown by keys retire --help.
func (*keysRetireCmd) Help() string {
	return "Servers reject its access tokens within seconds. Sessions continue: clients get new access tokens with their " +
		"refresh tokens. The current signing key cannot be retired: rotate with --sign-after=0s first. Retiring the next " +
		"key cancels the rotation. Put -- before an id that begins with a dash."
}

// Run deletes a key.
func (c *keysRetireCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(store *auth.KeyStore) error { return store.Retire(ctx, c.Key) })
}

// clock formats a time in RFC 3339, or as a dash if it is zero.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
