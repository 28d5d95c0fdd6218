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

// tagHeader is the header that keeps a message's tag in its file.
const tagHeader = "X-Catalog-Tag"

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
		if m.Tag != "" {
			fmt.Fprintf(&raw, "%s: %s\r\n", tagHeader, oneLine(m.Tag))
		}
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
	File   string
	Header netmail.Header
	// ModTime is when the mail was written, the last time if it was repeated.
	ModTime time.Time
}

// Tag returns the Tag of the Message; empty if it had none.
func (i *Item) Tag() string { return i.Header.Get(tagHeader) }

// Position is where a mail stands in the mailbox.
type Position struct {
	Time time.Time `json:"time"`
	File string    `json:"file"`
}

// compare orders the newest first.
func (p Position) compare(q Position) int {
	if c := q.Time.Compare(p.Time); c != 0 {
		return c
	}
	return strings.Compare(q.File, p.File)
}

// Position returns where the mail stands in the mailbox.
func (i *Item) Position() Position { return Position{Time: i.ModTime, File: i.File} }

// List returns the newest mails for which show holds, at most limit: those behind a position, or from
// the first on if that is zero. Files that are no mails are left out.
func (b *Mailbox) List(behind Position, limit int, show func(*Item) bool) ([]Item, error) {
	items, err := b.entries()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(items, func(x, y Item) int { return x.Position().compare(y.Position()) })
	var shown []Item
	for _, item := range items {
		if len(shown) == limit {
			break
		}
		if behind != (Position{}) && item.Position().compare(behind) <= 0 {
			continue
		}
		raw, err := b.Open(item.File)
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			continue
		}
		if item.Header = m.Header; show(&item) {
			shown = append(shown, item)
		}
	}
	return shown, nil
}

// entries returns the files that may be mails, without headers.
func (b *Mailbox) entries() ([]Item, error) {
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
		items = append(items, Item{File: entry.Name(), ModTime: info.ModTime().UTC()})
	}
	return items, nil
}

// Open returns the mail in a file that List named. Returns fs.ErrNotExist if there is none.
func (b *Mailbox) Open(file string) ([]byte, error) {
	raw, _, err := b.open(file)
	return raw, err
}

func (b *Mailbox) open(file string) ([]byte, time.Time, error) {
	if filepath.Ext(file) != extension || filepath.Base(file) != file {
		return nil, time.Time{}, fs.ErrNotExist
	}
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("mailbox: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	info, err := root.Stat(file)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("mailbox: %w", err)
	}
	raw, err := root.ReadFile(file)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("mailbox: %w", err)
	}
	return raw, info.ModTime().UTC(), nil
}

// write makes the file appear whole, and only when its bytes are on the disk. What a killed try leaves
// behind is hidden, and the next try of the same mail takes it over.
func (b *Mailbox) write(name string, content []byte) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(b.dir, "."+name+".tmp"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
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
	d, err := os.Open(dir)
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
