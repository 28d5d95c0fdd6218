package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/mailgun/mailgun-go/v4/events"
)

// Mailgun is a proxy in front of the mock server of Mailgun's client library, and records accepted messages.
//
// The mock gives every message an id of its own and forgets ours, unlike Mailgun, whose event log can
// be searched for it. With an event log, Mailgun answers from what it noted, as the real one would;
// without, the mock answers, which is a Mailgun that cannot say whether it took a message.
type Mailgun struct {
	// Held tells of every message whose answer is kept back: see HoldNext.
	Held <-chan struct{}

	mock     mailgun.MockServer
	front    *httptest.Server
	eventLog bool
	forward  *httputil.ReverseProxy
	asking   sync.Mutex // the mock takes one request at a time: its list of tags has no lock
	hold     atomic.Bool
	held     chan struct{}
	refusal  atomic.Int64
	limit    limit

	mu    sync.Mutex
	taken []Mail
}

// Mail is a recipient of an accepted message.
type Mail struct {
	// MessageID is the header of the message; AnswerID is what Mailgun called it, if it has answered.
	MessageID, AnswerID string
	To                  string
	At                  time.Time
}

// StartMailgun starts a Mailgun, with or without an event log.
func StartMailgun(eventLog bool) (*Mailgun, error) {
	held := make(chan struct{}, 1)
	m := &Mailgun{Held: held, mock: mailgun.NewMockServer(), eventLog: eventLog, held: held}
	target, err := url.Parse(strings.TrimSuffix(m.mock.URL(), "/v3"))
	if err != nil {
		m.mock.Stop()
		return nil, fmt.Errorf("start Mailgun: %w", err)
	}
	m.forward = httputil.NewSingleHostReverseProxy(target)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/{domain}/messages", m.messages)
	mux.HandleFunc("GET /v3/{domain}/events", m.events)
	m.front = httptest.NewServer(mux)
	return m, nil
}

// Env returns the settings of a process that sends its mails here.
func (m *Mailgun) Env() []string {
	return []string{
		"CATALOG_MAILGUN_DOMAIN=example.com",
		"CATALOG_MAILGUN_API_KEY=key",
		"CATALOG_MAILGUN_BASE_URL=" + m.front.URL,
		"CATALOG_MAIL_FROM=catalog@example.com",
	}
}

// HoldNext keeps back the answer to the next message that is taken, until the caller is gone, or not
// any more.
func (m *Mailgun) HoldNext(hold bool) { m.hold.Store(hold) }

// Refuse answers every message with a status from now on, and takes none; 0 ends that.
func (m *Mailgun) Refuse(status int) { m.refusal.Store(int64(status)) }

// Limit sets a rate limit in messages a second. Excess messages get 429 with a Retry-After of pause, in whole
// seconds, during which Mailgun accepts none.
func (m *Mailgun) Limit(perSecond int, pause time.Duration) { m.limit.set(perSecond, pause) }

// Pauses returns how many pauses Mailgun has asked for and, for each call that came in one, how long it
// had lasted by then.
func (m *Mailgun) Pauses() (count int, late []time.Duration) { return m.limit.pauses() }

// Taken returns what Mailgun accepted so far.
func (m *Mailgun) Taken() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Mail(nil), m.taken...)
}

// Stop ends Mailgun. Nothing may be under way.
func (m *Mailgun) Stop() {
	m.front.Close()
	m.mock.Stop()
}

func (m *Mailgun) messages(w http.ResponseWriter, r *http.Request) {
	if wait := m.limit.take(); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		http.Error(w, `{"message": "too many requests"}`, http.StatusTooManyRequests)
		return
	}
	if status := int(m.refusal.Load()); status != 0 {
		http.Error(w, `{"message": "refused"}`, status)
		return
	}
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
	first, end := m.note(strings.Trim(r.FormValue("h:Message-Id"), "<>"), r.MultipartForm.Value["to"])
	if m.hold.CompareAndSwap(true, false) {
		m.held <- struct{}{}
		<-r.Context().Done()
		return
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	m.ask(answer, again)
	m.noteAnswer(first, end, answer.Body.Bytes())
	w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // fails only if nobody reads
}

// ask lets the mock answer.
func (m *Mailgun) ask(w http.ResponseWriter, r *http.Request) {
	m.asking.Lock()
	defer m.asking.Unlock()
	m.forward.ServeHTTP(w, r)
}

// note adds the mails of a message, and returns which they are.
func (m *Mailgun) note(messageID string, to []string) (first, end int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first = len(m.taken)
	for _, recipient := range to {
		m.taken = append(m.taken, Mail{MessageID: messageID, To: recipient, At: time.Now()})
	}
	return first, len(m.taken)
}

// noteAnswer adds what the mock calls the mails from first to before end.
func (m *Mailgun) noteAnswer(first, end int, answer []byte) {
	var body struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := first; i < end; i++ {
		m.taken[i].AnswerID = strings.Trim(body.ID, "<>")
	}
}

// events answers a search for a message, on one page.
func (m *Mailgun) events(w http.ResponseWriter, r *http.Request) {
	if !m.eventLog {
		m.ask(w, r)
		return
	}
	items := []*events.Accepted{}
	if !r.URL.Query().Has("page") {
		for _, mail := range m.Taken() {
			if mail.MessageID != r.FormValue("message-id") {
				continue
			}
			e := &events.Accepted{Recipient: mail.To}
			e.Name = events.EventAccepted
			e.Timestamp = mailgun.TimeToFloat(mail.At)
			e.Message.Headers.MessageID = mail.MessageID
			items = append(items, e)
		}
	}
	end := "http://" + r.Host + r.URL.Path + "?page=end"
	w.Header().Set("Content-Type", "application/json")
	answer := map[string]any{"items": items, "paging": map[string]any{"next": end}}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
