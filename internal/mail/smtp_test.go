package mail_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/mail"
)

// smtpServer replies to each command as configured: "" is the default reply, "hang up" closes the connection.
type smtpServer struct {
	mu      sync.Mutex
	answers map[string]string
	mails   []string
	rcpts   []string
}

func (s *smtpServer) start(t *testing.T) *mail.SMTP {
	t.Helper()
	return s.startFor(t, "")
}

// startFor starts the server, and returns a mailer that signs in with user, as in "name:password@".
func (s *smtpServer) startFor(t *testing.T, user string) *mail.SMTP {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	m, err := mail.NewSMTP("smtp://" + user + l.Addr().String())
	require.NoError(t, err)
	return m
}

func (s *smtpServer) serve(conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "220 test\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.Fields(line + " ?")[0])
		if verb == "RCPT" {
			s.rcpts = append(s.rcpts, strings.TrimSpace(line))
		}
		if !s.reply(conn, verb) || verb == "QUIT" {
			return
		}
		if verb == "DATA" && s.answers["DATA"] == "" {
			var body strings.Builder
			for line, _ = r.ReadString('\n'); line != ".\r\n" && line != ""; line, _ = r.ReadString('\n') {
				body.WriteString(line)
			}
			s.mails = append(s.mails, body.String())
			if !s.reply(conn, "END") {
				return
			}
		}
	}
}

// reply replies to a command. Returns false to close the connection.
func (s *smtpServer) reply(w io.Writer, verb string) bool {
	answer := s.answers[verb]
	switch {
	case answer == "hang up":
		return false
	case answer == "" && verb == "DATA":
		answer = "354 go on"
	case answer == "":
		answer = "250 fine"
	}
	fmt.Fprintf(w, "%s\r\n", answer)
	return true
}

func TestSMTPSends(t *testing.T) {
	s := &smtpServer{}
	m := s.start(t)
	sent := letter("luis@example.com")
	id, err := m.Send(t.Context(), sent)
	require.NoError(t, err)
	require.Equal(t, sent.ID, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.mails, 1)
	require.Len(t, s.rcpts, 1)
	require.Contains(t, s.rcpts[0], "<luis@example.com>")
	got, err := netmail.ReadMessage(strings.NewReader(s.mails[0]))
	require.NoError(t, err)
	require.Equal(t, "<"+sent.ID+">", got.Header.Get("Message-Id"))
	require.Equal(t, sent.Text, parts(t, got)["text/plain"])
}

func TestSMTPErrors(t *testing.T) {
	for name, c := range map[string]struct {
		verb, answer string
		want         mail.Kind
	}{
		"unknown recipient": {"RCPT", "550 no such user", mail.Permanent},
		"grey list":         {"RCPT", "450 later", mail.Temporary},
		"sender refused":    {"MAIL", "553 not you", mail.Permanent},
		"broken early":      {"MAIL", "hang up", mail.Temporary},
		"content refused":   {"END", "554 spam", mail.Permanent},
		"busy in the end":   {"END", "451 later", mail.Temporary},
		"broken in the end": {"END", "hang up", mail.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			m := (&smtpServer{answers: map[string]string{c.verb: c.answer}}).start(t)
			_, err := m.Send(t.Context(), letter("luis@example.com"))
			require.Error(t, err)
			require.Equal(t, c.want, mail.AsError(err).Kind, "%v", err)
		})
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	m, err := mail.NewSMTP("smtp://" + l.Addr().String())
	require.NoError(t, err)
	_, err = m.Send(t.Context(), letter("luis@example.com"))
	require.Equal(t, mail.Temporary, mail.AsError(err).Kind, "nobody was there: %v", err)
}

func TestSMTPWithoutTLSTakesNoPassword(t *testing.T) {
	s := &smtpServer{answers: map[string]string{"EHLO": "250-test\r\n250 AUTH PLAIN LOGIN"}}
	_, err := s.startFor(t, "luis:secret@").Send(t.Context(), letter("luis@example.com"))
	require.ErrorContains(t, err, "without TLS a password is not sent; use smtps://")
	require.NotContains(t, err.Error(), "secret")
}
