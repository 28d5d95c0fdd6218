package mail_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/mail"
)

func everything(*mail.Item) bool { return true }

func letter(to ...string) mail.Message {
	m := mail.Message{
		ID:      "0193a@example.com",
		Time:    time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC),
		From:    netmail.Address{Name: "Catálogo", Address: "catalog@example.com"},
		Subject: "Ana changed the price of \"Colchón\" (SKU-1)",
		Text:    "129.90 MXN → 99.90 MXN\n",
		HTML:    "<p>129.90 MXN → 99.90 MXN</p>",
		Tag:     "changes",
	}
	for _, address := range to {
		m.To = append(m.To, netmail.Address{Name: "Luis, the \"one\"", Address: address})
	}
	return m
}

// parts returns the decoded parts of a multipart mail by content type.
func parts(t *testing.T, m *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	bodies := map[string]string{}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return bodies
		}
		require.NoError(t, err)
		require.Equal(t, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		bodies[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func TestMailboxKeepsMails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mailbox")
	box := mail.NewMailbox(dir)
	items, err := box.List(mail.Position{}, 10, everything)
	require.NoError(t, err)
	require.Empty(t, items)

	sent := letter("luis@example.com")
	for range 2 { // sending is idempotent
		id, err := box.Send(t.Context(), sent)
		require.NoError(t, err)
		require.Equal(t, sent.ID, id)
	}
	_, err = box.Send(t.Context(), letter("emma@example.com"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no mail"), 0o600))

	items, err = box.List(mail.Position{}, 10, everything)
	require.NoError(t, err)
	require.Len(t, items, 2)
	items, err = box.List(mail.Position{}, 1, everything)
	require.NoError(t, err)
	require.Len(t, items, 1)

	toEmma, err := box.List(mail.Position{}, 1, func(i *mail.Item) bool { return i.To().Address == "emma@example.com" })
	require.NoError(t, err)
	require.Len(t, toEmma, 1)
	require.Equal(t, "changes", toEmma[0].Tag())
	rest, err := box.List(items[0].Position(), 10, everything)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.NotEqual(t, items[0].File, rest[0].File)

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "no temporary files are left")
}

func TestMailsAreReadable(t *testing.T) {
	box := mail.NewMailbox(t.TempDir())
	sent := letter("luis@example.com")
	_, err := box.Send(t.Context(), sent)
	require.NoError(t, err)
	items, err := box.List(mail.Position{}, 1, everything)
	require.NoError(t, err)
	raw, err := box.Open(items[0].File)
	require.NoError(t, err)
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)

	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, sent.Subject, subject)
	to, err := netmail.ParseAddress(m.Header.Get("To"))
	require.NoError(t, err)
	require.Equal(t, sent.To[0], *to)
	from, err := netmail.ParseAddress(m.Header.Get("From"))
	require.NoError(t, err)
	require.Equal(t, sent.From, *from)
	date, err := m.Header.Date()
	require.NoError(t, err)
	require.True(t, sent.Time.Equal(date))
	require.Equal(t, "<"+sent.ID+">", m.Header.Get("Message-Id"))
	bodies := parts(t, m)
	require.Equal(t, sent.Text, bodies["text/plain"])
	require.Contains(t, bodies["text/html"], sent.HTML)

	l, err := box.Read(items[0].File)
	require.NoError(t, err)
	require.Equal(t, sent.Subject, l.Subject())
	require.Equal(t, sent.From, l.From())
	require.Equal(t, sent.To[0], l.To())
	require.Equal(t, sent.Text, l.Text)
	require.Equal(t, sent.HTML, l.HTML)
	require.Equal(t, items[0].ModTime, l.ModTime)
}

// A process that is killed while it writes a mail writes it again after its restart.
func TestKilledAttemptLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	box := mail.NewMailbox(dir)
	_, err := box.Send(t.Context(), letter("luis@example.com"))
	require.NoError(t, err)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	name := files[0].Name()
	require.NoError(t, os.Rename(filepath.Join(dir, name), filepath.Join(dir, "."+name+".tmp")))

	_, err = box.Send(t.Context(), letter("luis@example.com"))
	require.NoError(t, err)
	files, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Equal(t, name, files[0].Name())
}

func TestListSkipsOtherFiles(t *testing.T) {
	dir := t.TempDir()
	box := mail.NewMailbox(dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.eml"), []byte("no mail"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.eml"), 0o700))
	items, err := box.List(mail.Position{}, 10, everything)
	require.NoError(t, err)
	require.Empty(t, items)
	_, err = box.Read("broken.eml")
	require.Error(t, err)
}

func TestHeadersCannotBeInjected(t *testing.T) {
	box := mail.NewMailbox(t.TempDir())
	for _, evil := range []string{
		"a\r\nBcc: eve@example.com\r\n\r\nbody", "a\nBcc: eve@example.com", "a\rBcc: eve@example.com",
		"a\u2028Bcc: eve@example.com", "a\x00Bcc: eve@example.com",
	} {
		m := letter("luis@example.com")
		m.Subject = evil
		m.To[0].Name = evil
		_, err := box.Send(t.Context(), m)
		require.NoError(t, err)
		items, err := box.List(mail.Position{}, 1, everything)
		require.NoError(t, err)
		require.Empty(t, items[0].Header.Get("Bcc"))
		require.Equal(t, "<0193a@example.com>", items[0].Header.Get("Message-Id"))
	}
}

func TestMailboxStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	box := mail.NewMailbox(filepath.Join(dir, "mailbox"))
	m := letter("luis@example.com")
	m.ID = "../../escape@example.com"
	_, err := box.Send(t.Context(), m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.eml"), []byte("x"), 0o600))
	for _, name := range []string{"../secret.eml", "missing.eml", "../../etc/passwd", ""} {
		_, err := box.Open(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = box.Read(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	items, err := box.List(mail.Position{}, 10, everything)
	require.NoError(t, err)
	require.Len(t, items, 1)
}

func TestMailboxRejectsInvalidAddresses(t *testing.T) {
	m := letter("no address")
	_, err := mail.NewMailbox(t.TempDir()).Send(t.Context(), m)
	require.Equal(t, mail.Permanent, mail.AsError(err).Kind)
}
