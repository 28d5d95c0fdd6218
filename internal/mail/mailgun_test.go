package mail_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/mail"
)

const apiKey = "key-0123456789abcdef"

// fakeMailgun has what mailgun-go's mock server lacks: several recipients, the caller's Message-Id, events
// filtered by it, paging, and failures.
type fakeMailgun struct {
	mu       sync.Mutex
	received []*http.Request
	accepted []map[string]any
	queries  []string
	// answer, if set, handles the next calls.
	answer http.HandlerFunc
}

func (s *fakeMailgun) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user, key, _ := r.BasicAuth(); user != "api" || key != apiKey {
		http.Error(w, "Forbidden", http.StatusUnauthorized)
		return
	}
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /v3/mg.example.com/messages":
		s.take(w, r)
	case "GET /v3/mg.example.com/events":
		s.list(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *fakeMailgun) take(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.received = append(s.received, r)
	id := strings.Trim(r.FormValue("h:Message-Id"), "<>")
	for _, to := range r.Form["to"] {
		s.accepted = append(s.accepted, map[string]any{
			"event": "accepted", "id": fmt.Sprint(len(s.accepted)), "timestamp": 1.0, "recipient": to,
			"message": map[string]any{"headers": map[string]any{"message-id": id}},
		})
	}
	answer(w, map[string]any{"id": "<" + id + ">", "message": "Queued. Thank you."})
}

// list returns one event per page and a final empty page, as Mailgun does.
func (s *fakeMailgun) list(w http.ResponseWriter, r *http.Request) {
	s.queries = append(s.queries, r.URL.RawQuery)
	var offset int
	_, _ = fmt.Sscan(r.FormValue("offset"), &offset)
	items := []map[string]any{}
	next := *r.URL
	query := next.Query()
	if offset < len(s.accepted) {
		items = append(items, s.accepted[offset])
		query.Set("offset", fmt.Sprint(offset+1))
	}
	next.Scheme, next.Host, next.RawQuery = "http", r.Host, query.Encode()
	answer(w, map[string]any{"items": items, "paging": map[string]string{"next": next.String()}})
}

func answer(w http.ResponseWriter, body map[string]any) {
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (s *fakeMailgun) start(t *testing.T) *mail.Mailgun {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	m, err := mail.NewMailgun("mg.example.com", apiKey, server.URL)
	require.NoError(t, err)
	return m
}

func TestMailgunSendsToEachAlone(t *testing.T) {
	s := &fakeMailgun{}
	m := s.start(t)
	sent := letter("luis@example.com", "emma@example.com")
	sent.Text = "%recipient.secret% → new"
	sent.HTML = "<p>%recipient.secret%</p>"
	sent.Subject = "of \"%recipient.secret%\"\r\nBcc: eve@example.com"
	id, err := m.Send(t.Context(), sent)
	require.NoError(t, err)
	require.Equal(t, sent.ID, id)

	require.Len(t, s.received, 1)
	form := s.received[0].Form
	require.Equal(t, []string{"luis@example.com", "emma@example.com"}, form["to"])
	require.JSONEq(t, `{"luis@example.com":{},"emma@example.com":{}}`, form.Get("recipient-variables"))
	require.Equal(t, "<"+sent.ID+">", form.Get("h:Message-Id"))
	require.Equal(t, sent.ID, form.Get("v:"+mail.MessageIDVariable))
	require.Equal(t, "changes", form.Get("o:tag"))
	require.Equal(t, "no", form.Get("o:tracking"))
	for _, field := range []string{"subject", "text", "html"} {
		require.NotContains(t, form.Get(field), "%recipient")
		require.NotContains(t, form.Get(field), "\r")
	}
}

func TestMailgunKnowsWhatItAccepted(t *testing.T) {
	s := &fakeMailgun{}
	m := s.start(t)
	sent := letter("Luis@example.com", "emma@example.com")
	_, err := m.Send(t.Context(), sent)
	require.NoError(t, err)
	other := letter("ana@example.com")
	other.ID = "another@example.com"
	_, err = m.Send(t.Context(), other)
	require.NoError(t, err)

	accepted, err := m.Accepted(t.Context(), sent.ID, time.Now())
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"luis@example.com": true, "emma@example.com": true}, accepted)
	require.Contains(t, s.queries[0], "message-id=0193a%40example.com")
	require.Contains(t, s.queries[0], "event=accepted")
	accepted, err = m.Accepted(t.Context(), "never-sent@example.com", time.Now())
	require.NoError(t, err)
	require.Empty(t, accepted)

	s.answer = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "away", http.StatusBadGateway) }
	_, err = m.Accepted(t.Context(), sent.ID, time.Now())
	require.Equal(t, "Mailgun answered 502: away", err.Error())
	require.Equal(t, mail.Unknown, mail.AsError(err).Kind)
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} { // a domain sending key
		s.answer = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Forbidden", status) }
		_, err = m.Accepted(t.Context(), sent.ID, time.Now())
		require.Equal(t, mail.Unreadable, mail.AsError(err).Kind)
	}
}

func TestMailgunIsNotFollowedElsewhere(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	s := &fakeMailgun{answer: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}}
	m := s.start(t)
	_, err := m.Send(t.Context(), letter("luis@example.com"))
	require.ErrorContains(t, err, "Mailgun answered 307")
	_, err = m.Accepted(t.Context(), "0193a@example.com", time.Now())
	require.ErrorContains(t, err, "Mailgun answered 307")
	require.Zero(t, elsewhere.Load())
}

func TestMailgunErrors(t *testing.T) {
	for status, want := range map[int]mail.Kind{
		http.StatusBadRequest:            mail.Permanent,
		http.StatusRequestEntityTooLarge: mail.Permanent,
		http.StatusUnprocessableEntity:   mail.Permanent,
		http.StatusUnauthorized:          mail.Temporary,
		http.StatusPaymentRequired:       mail.Temporary,
		http.StatusForbidden:             mail.Temporary,
		http.StatusNotFound:              mail.Temporary,
		http.StatusTooManyRequests:       mail.Limited,
		http.StatusInternalServerError:   mail.Unknown,
		http.StatusServiceUnavailable:    mail.Unknown,
	} {
		s := &fakeMailgun{answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"message": "no, %s\nis not it"}`, apiKey)
		}}
		_, err := s.start(t).Send(t.Context(), letter("luis@example.com"))
		e := mail.AsError(err)
		require.Equal(t, want, e.Kind, "status %d", status)
		require.Equal(t, 7*time.Second, e.RetryAfter)
		require.Contains(t, e.Message, fmt.Sprintf("Mailgun answered %d: ", status))
		require.NotContains(t, e.Message, apiKey)
	}
}

// A 429 without a usable Retry-After is still a rate limit.
func TestMailgunRateLimitWithoutRetryAfter(t *testing.T) {
	for _, header := range []string{"", "0", "soon", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)} {
		s := &fakeMailgun{answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		}}
		_, err := s.start(t).Send(t.Context(), letter("luis@example.com"))
		e := mail.AsError(err)
		require.Equal(t, mail.Limited, e.Kind)
		require.Equal(t, 30*time.Second, e.RetryAfter, "Retry-After: %q", header)
	}
}

func TestMailgunTimeout(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	m, err := mail.NewMailgun("mg.example.com", apiKey, gone.URL)
	require.NoError(t, err)
	_, err = m.Send(t.Context(), letter("luis@example.com"))
	require.Equal(t, mail.Temporary, mail.AsError(err).Kind, "nobody took the mail: %v", err)

	s := &fakeMailgun{answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}
	_, err = s.start(t).Send(t.Context(), letter("luis@example.com"))
	e := mail.AsError(err)
	require.Equal(t, mail.Unknown, e.Kind, "it may have taken the mail: %v", err)
	require.NotZero(t, e.RetryAfter)
}

// The client library's mock server accepts our requests. It does not keep the Message-Id or filter events,
// so the other tests use fakeMailgun.
func TestMailgunMockServer(t *testing.T) {
	mock := mailgun.NewMockServer()
	defer mock.Stop()
	m, err := mail.NewMailgun("example.com", apiKey, strings.TrimSuffix(mock.URL(), "/v3"))
	require.NoError(t, err)
	id, err := m.Send(t.Context(), letter("luis@example.com"))
	require.NoError(t, err)
	require.NotEmpty(t, id)
	accepted, err := m.Accepted(t.Context(), id, time.Now())
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"luis@example.com": true}, accepted)
}

func TestNewChoosesAMailer(t *testing.T) {
	for name, c := range map[string]struct {
		config mail.Config
		want   any
		err    string
	}{
		"mailbox":         {mail.Config{MailboxDir: "x"}, &mail.Mailbox{}, ""},
		"Mailgun":         {mail.Config{MailgunDomain: "mg.example.com", MailgunAPIKey: apiKey}, &mail.Mailgun{}, ""},
		"Mailgun in EU":   {mail.Config{MailgunDomain: "d", MailgunAPIKey: apiKey, MailgunBaseURL: "https://api.eu.mailgun.net/"}, &mail.Mailgun{}, ""},
		"Mailgun first":   {mail.Config{MailgunDomain: "d", MailgunAPIKey: apiKey, SMTPURL: "smtp://h"}, &mail.Mailgun{}, ""},
		"no key":          {mail.Config{MailgunDomain: "d"}, nil, "needs an API key"},
		"bad base":        {mail.Config{MailgunDomain: "d", MailgunAPIKey: apiKey, MailgunBaseURL: "api.eu.mailgun.net"}, nil, "base URL"},
		"SMTP":            {mail.Config{SMTPURL: "smtp://user:pass@mail.example.com"}, &mail.SMTP{}, ""},
		"SMTP with TLS":   {mail.Config{SMTPURL: "smtps://mail.example.com:4650"}, &mail.SMTP{}, ""},
		"not SMTP":        {mail.Config{SMTPURL: "http://user:hunter2@mail.example.com"}, nil, "smtp://"},
		"SMTP, no host":   {mail.Config{SMTPURL: "smtp://"}, nil, "smtp://"},
		"SMTP unreadable": {mail.Config{SMTPURL: "smtp://user:hunter2@%zz"}, nil, "is malformed"},
		"SMTP, bad port":  {mail.Config{SMTPURL: "smtp://user:hunter2@h:99999"}, nil, "is invalid"},
	} {
		m, err := mail.New(c.config)
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			require.NotContains(t, err.Error(), "hunter2")
			continue
		}
		require.NoError(t, err, name)
		require.IsType(t, c.want, m, name)
	}
}
