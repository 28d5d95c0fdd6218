package mail

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
)

// Letter is a parsed mail of the mailbox.
type Letter struct {
	Item

	Text, HTML string
}

// Read parses the mail in a file that List returned. Returns fs.ErrNotExist if there is none.
func (b *Mailbox) Read(file string) (*Letter, error) {
	raw, modTime, err := b.open(file)
	if err != nil {
		return nil, err
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("mailbox: %s: %w", file, err)
	}
	l := &Letter{Item: Item{File: file, Header: m.Header, ModTime: modTime}}
	if err := l.readParts(m.Body); err != nil {
		return nil, fmt.Errorf("mailbox: %s: %w", file, err)
	}
	return l, nil
}

// readParts reads a body as Send writes it: text and HTML alternatives.
func (l *Letter) readParts(body io.Reader) error {
	_, params, err := mime.ParseMediaType(l.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n")
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/html" {
			l.HTML = text
		} else {
			l.Text = text
		}
	}
}

// From returns the sender; the zero value if there is none.
func (i *Item) From() netmail.Address { return i.address("From") }

// To returns the recipient; the zero value if there is none.
func (i *Item) To() netmail.Address { return i.address("To") }

func (i *Item) address(header string) netmail.Address {
	a, err := netmail.ParseAddress(i.Header.Get(header))
	if err != nil {
		return netmail.Address{}
	}
	return *a
}

// Subject returns the subject.
func (i *Item) Subject() string {
	encoded := i.Header.Get("Subject")
	if subject, err := new(mime.WordDecoder).DecodeHeader(encoded); err == nil {
		return subject
	}
	return encoded
}

// Mentions reports whether the mail is to, from or about one of the texts, each of which stands as words of its own.
// Case does not matter.
func (l *Letter) Mentions(texts []string) bool {
	patterns := make([]string, len(texts))
	for i, text := range texts {
		patterns[i] = regexp.QuoteMeta(text)
	}
	if len(patterns) == 0 {
		return false
	}
	words := regexp.MustCompile(`(?i)(^|[^\pL\pN])(` + strings.Join(patterns, "|") + `)($|[^\pL\pN])`)
	to, from := l.To(), l.From()
	return slices.ContainsFunc(
		[]string{to.Name, to.Address, from.Name, from.Address, l.Subject(), l.Text, html.UnescapeString(l.HTML)},
		words.MatchString)
}
