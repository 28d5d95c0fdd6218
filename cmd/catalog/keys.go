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
	List   keysListCmd   `cmd:"" help:"Show the keys and what each is for."`
	Rotate keysRotateCmd `cmd:"" help:"Add a key that follows the one that signs."`
	Retire keysRetireCmd `cmd:"" help:"Remove a key at once, such as one that leaked."`
}

// keyStorage says where the keys are.
type keyStorage struct {
	config.Storage
	config.Logging

	SigningKey config.Secret `env:"CATALOG_SIGNING_KEY" help:"As for serve. If it is set, the keys are in it and not in the database, and change with it." placeholder:"PEM"`
}

// with calls use with the store of the keys.
func (s keyStorage) with(ctx context.Context, use func(*auth.KeyStore) error) error {
	if s.SigningKey != "" {
		return errors.New("--signing-key (CATALOG_SIGNING_KEY) is set: the keys are in it, and change with it")
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
	return "A key is next (published; it will sign), signs, or verifies (tokens that it signed before are still good). " +
		"What has expired is removed within the hour by a server with the role admin."
}

// Run prints the keys, the newest first.
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

	SignAfter time.Duration `default:"10m" env:"CATALOG_SIGN_AFTER" help:"How long the key is only published before it signs. Others may keep /.well-known/jwks.json for 5 minutes; servers follow within seconds."`
}

// Help is shown by keys rotate --help.
func (*keysRotateCmd) Help() string {
	return "The new key is published and verifies at once, and signs after --sign-after. The key before verifies until " +
		"its last token has expired, and is then removed. Nobody is signed out, and no server has to start again. Prints " +
		"the id of the new key."
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
	return "Servers refuse its access tokens within seconds. Sessions go on: clients get new tokens with their refresh " +
		"tokens. The key that signs cannot be retired: rotate with --sign-after=0s first. Retiring one that is next calls " +
		"the rotation off. An id that begins with a dash needs -- before it."
}

// Run removes a key.
func (c *keysRetireCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(store *auth.KeyStore) error { return store.Retire(ctx, c.Key) })
}

// clock writes a time as people and programs read it, and a dash for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
