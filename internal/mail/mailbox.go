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

	"github.com/zebrands/catalog/internal/files"
)

// extension of the mail files.
const extension = ".eml"

// tagHeader stores a message's tag in its file.
const tagHeader = "X-Catalog-Tag"

// Mailbox stores each mail as a file in a folder, for catalogs without a mail server. The file name derives
// from the message's ID and the recipient's address, so sending is idempotent.
type Mailbox struct{ dir string }

// NewMailbox returns the mailbox in a folder, which the first mail creates.
func NewMailbox(dir string) *Mailbox { return &Mailbox{dir: dir} }

// Send writes one file per recipient. Each write is atomic and durable.
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

// Accepted returns nothing: sending again overwrites the same file.
func (*Mailbox) Accepted(context.Context, string, time.Time) (map[string]bool, error) {
	return map[string]bool{}, nil
}

// Settle returns 0: sending is idempotent.
func (*Mailbox) Settle() time.Duration { return 0 }

// BatchSize returns 1, so that the ledger is updated after each file.
func (*Mailbox) BatchSize() int { return 1 }

// Item is a mail in the mailbox.
type Item struct {
	// File is the file's name in the folder.
	File   string
	Header netmail.Header
	// ModTime is when the mail was last written.
	ModTime time.Time
}

// Tag returns the Tag of the Message; empty if it had none.
func (i *Item) Tag() string { return i.Header.Get(tagHeader) }

// Position is the position of a mail in List's order.
type Position struct {
	Time time.Time `json:"time"`
	File string    `json:"file"`
}

// compare orders positions, newest first.
func (p Position) compare(q Position) int {
	if c := q.Time.Compare(p.Time); c != 0 {
		return c
	}
	return strings.Compare(q.File, p.File)
}

// Position returns the mail's position in List's order.
func (i *Item) Position() Position { return Position{Time: i.ModTime, File: i.File} }

// List returns up to limit mails that match, newest first, starting after a position; the zero Position
// starts at the newest. It skips files that are not mails.
func (b *Mailbox) List(after Position, limit int, match func(*Item) bool) ([]Item, error) {
	items, err := b.entries()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(items, func(x, y Item) int { return x.Position().compare(y.Position()) })
	var page []Item
	for _, item := range items {
		if len(page) == limit {
			break
		}
		if after != (Position{}) && item.Position().compare(after) <= 0 {
			continue
		}
		raw, err := b.Open(item.File)
		if errors.Is(err, fs.ErrNotExist) { // removed concurrently
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			continue
		}
		if item.Header = m.Header; match(&item) {
			page = append(page, item)
		}
	}
	return page, nil
}

// Remove removes the mails that match, with their text and HTML. It is idempotent.
func (b *Mailbox) Remove(match func(*Letter) bool) error {
	items, err := b.entries()
	if err != nil {
		return err
	}
	for _, item := range items {
		letter, err := b.Read(item.File)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !match(letter) {
			continue
		}
		if err == nil {
			err = os.Remove(filepath.Join(b.dir, item.File))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("mailbox: %w", err)
		}
	}
	return nil
}

// entries returns the candidate files, without headers.
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

// Open returns the raw mail in a file that List returned. Returns fs.ErrNotExist if there is none.
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

// write writes the file atomically and durably: temporary file, fsync, rename. A killed attempt leaves a
// hidden temporary file, which the next attempt overwrites.
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
	return errors.Join(files.SyncFolder(d), d.Close())
}

// fileName is deterministic and unique for a message and a recipient.
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
