package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/mailgun/mailgun-go/v4/events"
	"github.com/stretchr/testify/require"
)

// mailgunServer stands in front of the mock server of Mailgun's own client, and notes what that took.
//
// The mock gives every message an id of its own and forgets ours, unlike Mailgun, whose event log can
// be searched for it. With eventLog, the server answers from what it noted, as Mailgun would; without,
// the mock answers, which is a Mailgun that cannot say whether it took a message.
type mailgunServer struct {
	url      string
	eventLog bool
	forward  *httputil.ReverseProxy
	// hold makes the server keep back the answer to the next message that it takes, until the caller
	// is gone; it tells so on held.
	hold atomic.Bool
	held chan struct{}

	mu    sync.Mutex
	taken []takenMail
}

// takenMail is one recipient of one message that was accepted.
type takenMail struct {
	messageID, to string
	at            time.Time
}

func newMailgunServer(t *testing.T, eventLog bool) *mailgunServer {
	t.Helper()
	mock := mailgun.NewMockServer()
	t.Cleanup(mock.Stop)
	target, err := url.Parse(strings.TrimSuffix(mock.URL(), "/v3"))
	require.NoError(t, err)
	m := &mailgunServer{
		eventLog: eventLog,
		forward:  httputil.NewSingleHostReverseProxy(target),
		held:     make(chan struct{}, 1),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/{domain}/messages", m.messages)
	mux.HandleFunc("GET /v3/{domain}/events", m.events)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	m.url = front.URL
	return m
}

func (m *mailgunServer) messages(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.note(strings.Trim(r.FormValue("h:Message-Id"), "<>"), r.MultipartForm.Value["to"])
	if m.hold.CompareAndSwap(true, false) {
		m.held <- struct{}{}
		<-r.Context().Done()
		return
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	m.forward.ServeHTTP(w, again)
}

func (m *mailgunServer) note(messageID string, to []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, recipient := range to {
		m.taken = append(m.taken, takenMail{messageID: messageID, to: recipient, at: time.Now()})
	}
}

// events answers a search for a message, on one page.
func (m *mailgunServer) events(w http.ResponseWriter, r *http.Request) {
	if !m.eventLog {
		m.forward.ServeHTTP(w, r)
		return
	}
	items := []*events.Accepted{}
	if !r.URL.Query().Has("page") {
		for _, mail := range m.all() {
			if mail.messageID != r.FormValue("message-id") {
				continue
			}
			e := &events.Accepted{Recipient: mail.to}
			e.Name = events.EventAccepted
			e.Timestamp = mailgun.TimeToFloat(mail.at)
			e.Message.Headers.MessageID = mail.messageID
			items = append(items, e)
		}
	}
	end := "http://" + r.Host + r.URL.Path + "?page=end"
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"items": items, "paging": object{"next": end}}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (m *mailgunServer) all() []takenMail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]takenMail(nil), m.taken...)
}
