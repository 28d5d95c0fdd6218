package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// domain is the domain of every ErrorInfo.
const domain = "catalog.zebrands.com"

// starter starts a catalog with the first administrators of accounts.
type starter func(t *testing.T, admins int, env ...string) *server

// TestCorpus runs every case over every protocol: on both databases in one process, and on PostgreSQL
// with a process for each role behind nginx.
func TestCorpus(t *testing.T) {
	corpus := loadCorpus(t)
	starters := map[string]starter{"roles": newSplit}
	for _, dialect := range dbtest.Dialects() {
		starters[dialect] = func(t *testing.T, admins int, env ...string) *server {
			t.Helper()
			return newServer(t, dialect, admins, env...)
		}
	}
	for _, topology := range slices.Sorted(maps.Keys(starters)) {
		start := starters[topology]
		t.Run(topology, func(t *testing.T) {
			shared := start(t, len(accounts))
			for _, p := range protocols() {
				t.Run(p.name, func(t *testing.T) {
					for _, name := range slices.Sorted(maps.Keys(corpus)) {
						runFile(t, name, corpus[name], p, start, shared)
					}
				})
			}
		})
	}
}

func runFile(t *testing.T, name string, f file, p protocol, start starter, shared *server) {
	t.Helper()
	for i := range f.Cases {
		c := &f.Cases[i]
		once := c.Fresh != nil || c.onlyRaw()
		if once && p.name != protocols()[0].name || c.Binary && p.json {
			continue
		}
		t.Run(name+"/"+strings.ReplaceAll(c.Name, " ", "-"), func(t *testing.T) {
			s := shared
			if c.Fresh != nil {
				s = start(t, c.Fresh.Admins, c.Fresh.Env...)
			}
			run(t, s, p, c)
		})
	}
}

// run does the steps of a case.
func run(t *testing.T, s *server, p protocol, c *testCase) {
	t.Helper()
	v := newVariables()
	if c.Fresh != nil && c.Fresh.Admins == 0 {
		var link []string
		wait.For(t, func() bool {
			link = setupLink.FindStringSubmatch(s.log.String())
			return link != nil
		}, "the server prints a link")
		v["setup_token"] = link[1]
	}
	for i := range c.Steps {
		st := &c.Steps[i]
		what := fmt.Sprintf("step %d: %s", i+1, st.describe())
		for range st.Repeat - 1 {
			_, _ = st.answer(t, s, p, v)
		}
		var answer any
		err := errors.New("not tried")
		attempt := func() bool {
			answer, err = st.answer(t, s, p, v)
			return err == nil
		}
		if st.Eventually || st.Mail != nil {
			poll := time.NewTicker(4 * tick)
			for deadline := time.After(wait.Patience); !attempt(); {
				select {
				case <-deadline:
					require.NoError(t, err, what)
				case <-poll.C:
				}
			}
			poll.Stop()
		} else {
			attempt()
		}
		require.NoError(t, err, what)
		v.save(t, st.Save, answer)
	}
}

func (s *step) describe() string {
	switch {
	case s.Raw != nil:
		return "raw " + s.Raw.Path
	case s.Mail != nil:
		return "mail to " + s.Mail.To
	default:
		return s.RPC
	}
}

// answer does the step once. Returns what came back, and an error if it is not as it must be.
func (s *step) answer(t *testing.T, on *server, p protocol, v variables) (any, error) {
	t.Helper()
	switch {
	case s.Raw != nil:
		return s.answerRaw(t, on, v)
	case s.Mail != nil:
		return nil, s.Mail.find(t, on, v)
	default:
		return s.answerRPC(t, on, p, v)
	}
}

func (s *step) answerRPC(t *testing.T, on *server, p protocol, v variables) (any, error) {
	t.Helper()
	request := v.expandAll(t, s.Request)
	if request == nil {
		request = object{}
	}
	body, err := json.Marshal(request)
	require.NoError(t, err)
	out, err := p.receive(t.Context(), on, s.RPC, s.header(t, on, v), body, max(s.Receive, 1))
	if s.Error != nil {
		return nil, s.Error.check(t, v, err)
	}
	if err != nil {
		return nil, err
	}
	answer := any(decodeObject(t, out))
	if s.Response == nil {
		return answer, nil
	}
	return answer, match("", v.expandAll(t, s.Response), answer)
}

func (s *step) header(t *testing.T, on *server, v variables) http.Header {
	t.Helper()
	header := http.Header{}
	for key, value := range s.Headers {
		header.Set(key, v.expand(t, value))
	}
	switch {
	case s.Token != "":
		header.Set("Authorization", "Bearer "+v.expand(t, s.Token))
	case s.As != "":
		header.Set("Authorization", "Bearer "+on.token(t, s.As))
	}
	return header
}

// check returns an error unless err is the wanted one.
func (w *wantError) check(t *testing.T, v variables, err error) error {
	t.Helper()
	var got *connect.Error
	if !errors.As(err, &got) {
		return fmt.Errorf("want %s, got %w", w.Reason, errOr(err))
	}
	seen := seenError{Code: got.Code().String(), Message: got.Message()}
	for _, d := range got.Details() {
		value, err := d.Value()
		if err != nil {
			return fmt.Errorf("detail: %w", err)
		}
		switch value := value.(type) {
		case *errdetails.ErrorInfo:
			seen.Reason, seen.Domain, seen.Metadata = value.GetReason(), value.GetDomain(), value.GetMetadata()
		case *errdetails.BadRequest:
			for _, violation := range value.GetFieldViolations() {
				seen.blame(violation.GetField(), violation.GetReason())
			}
		case *errdetails.RetryInfo:
			seen.Retry = value.GetRetryDelay().AsDuration() > 0
		}
	}
	return w.compare(t, v, seen)
}

func errOr(err error) error {
	if err == nil {
		return errors.New("success")
	}
	return err
}

// seenError is an error as a client sees it, whatever the protocol.
type seenError struct {
	Code, Message, Reason, Domain string
	Metadata                      map[string]string
	// Fields are those to blame, and Violations the same with their reasons, as in sku=TOO_LONG.
	Fields, Violations []string
	Retry              bool
}

func (e *seenError) blame(field, reason string) {
	e.Fields = append(e.Fields, field)
	e.Violations = append(e.Violations, field+"="+reason)
}

// fieldReason is how google.rpc.BadRequest wants the reason of a field to be written.
var fieldReason = regexp.MustCompile(`=[A-Z][A-Z0-9_]+[A-Z0-9]$`)

func (w *wantError) compare(t *testing.T, v variables, got seenError) error {
	t.Helper()
	slices.Sort(got.Fields)
	fields := make([]string, 0, len(w.Fields))
	for _, f := range w.Fields {
		fields = append(fields, v.expand(t, f))
	}
	slices.Sort(fields)
	slices.Sort(got.Violations)
	violations := make([]string, 0, len(w.Violations))
	for field, reason := range w.Violations {
		violations = append(violations, v.expand(t, field)+"="+reason)
	}
	slices.Sort(violations)
	switch {
	case got.Code != w.Code, got.Reason != w.Reason, got.Domain != domain,
		w.Fields != nil && !slices.Equal(got.Fields, fields),
		w.Violations != nil && !slices.Equal(got.Violations, violations),
		slices.ContainsFunc(got.Violations, func(violation string) bool { return !fieldReason.MatchString(violation) }),
		!strings.Contains(got.Message, v.expand(t, w.Message)),
		w.Retry && !got.Retry:
		return fmt.Errorf("want error %+v, got %+v", *w, got)
	}
	for key, value := range w.Metadata {
		if !matchScalar(v.expand(t, value), got.Metadata[key]) {
			return fmt.Errorf("want metadata %s=%s, got %+v", key, value, got.Metadata)
		}
	}
	return leaks(got.Message)
}

// leaks returns an error if a public message shows what only the log may show.
func leaks(message string) error {
	for _, secret := range []string{
		"sql:", "SQLSTATE", "pq:", "SQLITE", "sqlite", "constraint", "ent:", "goroutine", ".go:", "/tmp/",
		"SELECT ", "INSERT ", "runtime error",
	} {
		if strings.Contains(message, secret) {
			return fmt.Errorf("the message leaks %q: %s", secret, message)
		}
	}
	return nil
}

// answerRaw sends the request as it stands.
func (s *step) answerRaw(t *testing.T, on *server, v variables) (any, error) {
	t.Helper()
	r := s.Raw
	body := r.body(t, v)
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), method, on.base+v.expand(t, r.Path), bytes.NewReader(body))
	require.NoError(t, err)
	req.Header = s.header(t, on, v)
	for key, value := range r.Headers {
		req.Header.Set(key, v.expand(t, value))
	}
	resp, err := http1JSON.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if want := max(r.Status, http.StatusOK); r.Status != resp.StatusCode && want != resp.StatusCode {
		return nil, fmt.Errorf("want status %d, got %s: %s", want, resp.Status, text)
	}
	for key, value := range r.ResponseHeaders {
		if !matchScalar(v.expand(t, value), resp.Header.Get(key)) {
			return nil, fmt.Errorf("want header %s: %s, got %v", key, value, resp.Header)
		}
	}
	if !strings.Contains(string(text), v.expand(t, r.ResponseText)) {
		return nil, fmt.Errorf("want %q, got %s", r.ResponseText, text)
	}
	return s.checkRawBody(t, v, text)
}

func (s *step) checkRawBody(t *testing.T, v variables, text []byte) (any, error) {
	t.Helper()
	if s.Error != nil {
		seen, err := parseConnectError(text)
		if err != nil {
			return nil, err
		}
		return nil, s.Error.compare(t, v, seen)
	}
	if s.Response == nil && s.Save == nil {
		return object{}, nil
	}
	answer := any(decodeObject(t, text))
	return answer, match("", v.expandAll(t, s.Response), answer)
}

func (r *raw) body(t *testing.T, v variables) []byte {
	t.Helper()
	body := []byte(v.expand(t, r.Body))
	if r.Base64 != "" {
		var err error
		body, err = base64.StdEncoding.DecodeString(r.Base64)
		require.NoError(t, err)
	}
	if !r.Gzip {
		return body
	}
	return packed(t, body)
}

// parseConnectError reads an error of the Connect protocol as plain JSON shows it.
func parseConnectError(text []byte) (seenError, error) {
	var body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Details []struct {
			Type  string `json:"type"`
			Debug struct {
				Reason          string            `json:"reason"`
				Domain          string            `json:"domain"`
				Metadata        map[string]string `json:"metadata"`
				FieldViolations []struct {
					Field  string `json:"field"`
					Reason string `json:"reason"`
				} `json:"fieldViolations"`
			} `json:"debug"`
		} `json:"details"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return seenError{}, fmt.Errorf("%w: %s", err, text)
	}
	seen := seenError{Code: body.Code, Message: body.Message}
	for _, d := range body.Details {
		switch d.Type {
		case "google.rpc.ErrorInfo":
			seen.Reason, seen.Domain, seen.Metadata = d.Debug.Reason, d.Debug.Domain, d.Debug.Metadata
		case "google.rpc.BadRequest":
			for _, violation := range d.Debug.FieldViolations {
				seen.blame(violation.Field, violation.Reason)
			}
		case "google.rpc.RetryInfo":
			seen.Retry = true
		}
	}
	return seen, nil
}
