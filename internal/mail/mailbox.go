package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// extension of a mail's file.
const extension = ".eml"

// Mailbox keeps each mail as a file in a folder, for catalogs without a mail server. The name of the
// file is made from the message's ID and the recipient's address, so a repeat is the same file.
type Mailbox struct{ dir string }

// NewMailbox returns the mailbox in a folder, which is made with the first mail.
func NewMailbox(dir string) *Mailbox { return &Mailbox{dir: dir} }

// Send writes the mail's file: all of it or nothing, also if the machine loses power.
func (b *Mailbox) Send(ctx context.Context, m Message) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &Error{Kind: Temporary, Message: err.Error()}
	}
	for _, to := range m.To {
		msg, err := compose(m, to)
		if err != nil {
			return "", &Error{Kind: Permanent, Message: err.Error()}
		}
		var raw bytes.Buffer
		if _, err := msg.WriteTo(&raw); err != nil {
			return "", &Error{Kind: Permanent, Message: "compose: " + err.Error()}
		}
		if err := b.write(fileName(m.ID, to.Address), raw.Bytes()); err != nil {
			return "", &Error{Kind: Temporary, Message: "mailbox: " + err.Error()}
		}
	}
	return m.ID, nil
}

// Accepted returns nothing: to send again is to write the same file again.
func (*Mailbox) Accepted(context.Context, string, time.Time) (map[string]bool, error) {
	return map[string]bool{}, nil
}

// Settle returns 0: a repeat does no harm.
func (*Mailbox) Settle() time.Duration { return 0 }

// BatchSize returns 1, so that the ledger follows file by file.
func (*Mailbox) BatchSize() int { return 1 }

// Item is a mail in the mailbox.
type Item struct {
	// File is the name of the mail's file in the folder.
	File    string
	Header  netmail.Header
	ModTime time.Time
}

// List returns the newest mails, at most limit. Other files are left out. Returns an error if a mail's
// file cannot be read.
func (b *Mailbox) List(limit int) ([]Item, error) {
	entries, err := os.ReadDir(b.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	var items []Item
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || filepath.Ext(entry.Name()) != extension {
			continue
		}
		items = append(items, Item{File: entry.Name(), ModTime: info.ModTime()})
	}
	slices.SortFunc(items, func(x, y Item) int {
		if c := y.ModTime.Compare(x.ModTime); c != 0 {
			return c
		}
		return strings.Compare(y.File, x.File)
	})
	items = items[:min(limit, len(items))]
	return items, b.readHeaders(items)
}

// Open returns the mail in a file that List named. Returns fs.ErrNotExist if there is none.
func (b *Mailbox) Open(file string) ([]byte, error) {
	if filepath.Ext(file) != extension {
		return nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	raw, err := root.ReadFile(file)
	if err := errors.Join(err, root.Close()); err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	return raw, nil
}

func (b *Mailbox) readHeaders(items []Item) error {
	for i := range items {
		raw, err := b.Open(items[i].File)
		if err != nil {
			return err
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("mailbox: %s: %w", items[i].File, err)
		}
		items[i].Header = m.Header
	}
	return nil
}

// write makes the file appear whole, and only when its bytes are on the disk.
func (b *Mailbox) write(name string, content []byte) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(b.dir, name+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(b.dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(b.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fileName is the same for every try of a message to an address, and differs for others.
func fileName(id, address string) string {
	local, _, _ := strings.Cut(id, "@")
	safe := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, local)
	sum := sha256.Sum256([]byte(id + "\x00" + strings.ToLower(address)))
	return safe + "-" + hex.EncodeToString(sum[:6]) + extension
}
