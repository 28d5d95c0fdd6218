package e2e

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// setupLink finds the token of the link that the server prints while there is no administrator.
var setupLink = regexp.MustCompile(`/setup#token=([A-Za-z0-9_.-]+)`)

// letter is a mail as its reader sees it.
type letter struct {
	file, to, subject, messageID, text string
}

// mailbox returns every mail in the server's local mailbox.
func (s *server) mailbox(t *testing.T) []letter {
	t.Helper()
	var letters []letter
	err := filepath.WalkDir(filepath.Join(s.dataDir, "mailbox"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".eml" {
			return err
		}
		l, err := readLetter(path)
		letters = append(letters, l)
		return err
	})
	require.NoError(t, err)
	return letters
}

func readLetter(path string) (letter, error) {
	f, err := os.Open(path)
	if err != nil {
		return letter{}, err
	}
	defer f.Close()
	m, err := netmail.ReadMessage(f)
	if err != nil {
		return letter{}, fmt.Errorf("%s: %w", path, err)
	}
	to, err := netmail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		return letter{}, fmt.Errorf("%s: %w", path, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return letter{}, fmt.Errorf("%s: %w", path, err)
	}
	text, err := plainText(m)
	if err != nil {
		return letter{}, fmt.Errorf("%s: %w", path, err)
	}
	return letter{
		file: filepath.Base(path), to: to.Address, subject: subject,
		messageID: m.Header.Get("Message-Id"), text: text,
	}, nil
}

// plainText returns the text of the first part that a reader without HTML sees.
func plainText(m *netmail.Message) (string, error) {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	body := m.Body
	if strings.HasPrefix(kind, "multipart/") {
		body, err = multipart.NewReader(m.Body, params["boundary"]).NextPart() // undoes quoted-printable
		if err != nil {
			return "", err
		}
	}
	raw, err := io.ReadAll(body)
	return strings.ReplaceAll(string(raw), "\r\n", "\n"), err
}

// fits reports whether the mail is the wanted one, and saves what it has to if it is.
func (m *mail) fits(t *testing.T, l *letter, v variables) bool {
	t.Helper()
	content := l.subject + "\n" + l.text
	for _, part := range m.Contains {
		if !strings.Contains(content, v.expand(t, part)) {
			return false
		}
	}
	for _, part := range m.Without {
		if strings.Contains(content, v.expand(t, part)) {
			return false
		}
	}
	for name, expression := range m.Save {
		groups := regexp.MustCompile(expression).FindStringSubmatch(l.text)
		if groups == nil {
			return false
		}
		v[name] = groups[1]
	}
	return true
}

// find looks for the mail, and saves what it has to. Returns an error if the mail is not there.
func (m *mail) find(t *testing.T, s *server, v variables) error {
	t.Helper()
	to := v.expand(t, m.To)
	letters := s.mailbox(t)
	for i := range letters {
		if letters[i].to == to && m.fits(t, &letters[i], v) {
			return nil
		}
	}
	return fmt.Errorf("no such mail to %s among %d: %+v", to, len(letters), letters)
}
