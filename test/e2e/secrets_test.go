package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/wait"
)

// secrets collects what must not be in a log.
type secrets struct{ known map[string]string }

func (l *secrets) add(what string, values ...string) {
	for _, secret := range values {
		l.known[secret] = what
	}
}

// talker is a Mailgun that answers by the address: nobody@… is refused, with an answer that repeats the
// address; busy@… comes too early, and so does everybody the first time.
type talker struct {
	url string

	mu    sync.Mutex
	seen  map[string]bool
	texts map[string]string // by address
}

func newTalker(t *testing.T) *talker {
	t.Helper()
	m := &talker{seen: map[string]bool{}, texts: map[string]string{}}
	s := httptest.NewServer(http.HandlerFunc(m.serve))
	t.Cleanup(s.Close)
	m.url = s.URL
	return m
}

func (m *talker) serve(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := r.ParseMultipartForm(1 << 20); err != nil { // a question about events
		_, _ = io.WriteString(w, `{"items": [], "paging": {}}`)
		return
	}
	to := strings.Join(r.MultipartForm.Value["to"], ", ")
	answer := func(status int, text string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"id": "<x@example.com>", "message": %q}`, text)
	}
	switch {
	case strings.Contains(to, "nobody@"):
		answer(http.StatusBadRequest, "'to' parameter is not a valid address: <"+to+">. please check documentation")
	case !m.seen[to]:
		m.seen[to] = true
		answer(http.StatusForbidden, "Domain is not allowed to send to "+to+", authorized recipients only")
	default:
		m.texts[to] = r.FormValue("text")
		answer(http.StatusOK, "Queued. Thank you.")
	}
}

var linkToken = regexp.MustCompile(`#token=([A-Za-z0-9_-]+)`)

// token waits for a mail with a link and returns its token.
func (m *talker) token(t *testing.T, to string) string {
	t.Helper()
	var token []string
	wait.For(t, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		token = linkToken.FindStringSubmatch(m.texts[to])
		delete(m.texts, to)
		return token != nil
	})
	return token[1]
}

// TestNoSecretReachesTheLog does what has to do with secrets and addresses, right and wrong, and then
// looks for them in everything that the server logged.
func TestNoSecretReachesTheLog(t *testing.T) {
	for _, c := range []struct{ dialect, format string }{{"sqlite", "json"}, {"postgres", "text"}} {
		t.Run(c.dialect, func(t *testing.T) {
			m := newTalker(t)
			const apiKey, webhookKey = "key-0123456789abcdef", "webhook-0123456789abcdef"
			s := newServer(t, c.dialect, 0, "CATALOG_LOG_LEVEL=debug", "CATALOG_LOG_FORMAT="+c.format,
				"CATALOG_MAILGUN_DOMAIN=mg.example.com", "CATALOG_MAILGUN_API_KEY="+apiKey,
				"CATALOG_MAILGUN_WEBHOOK_KEY="+webhookKey, "CATALOG_MAILGUN_BASE_URL="+m.url)
			l := &secrets{known: map[string]string{apiKey: "API key", webhookKey: "webhook key"}}
			admin := l.setUp(t, s)
			l.useKeys(t, s, admin)
			l.misuse(t, s, admin)
			l.invite(t, s, m, admin)
			l.reset(t, s, m)
			l.refresh(t, s)
			l.failMails(t, s, admin)
			l.check(t, s)
		})
	}
}

// setUp creates the first administrator through the printed link, and returns an access token.
func (l *secrets) setUp(t *testing.T, s *server) string {
	t.Helper()
	var token []string
	wait.For(t, func() bool {
		token = setupLink.FindStringSubmatch(s.log.String())
		return token != nil
	})
	l.add("password", "first horse battery")
	l.add("address", "ana.lopez@example.com")
	l.add("setup token", token[1])
	l.refused(t, s, "", "AuthService/CompleteSetup", object{"token": "not" + token[1], "email": "ana.lopez@example.com", "name": "Ana", "password": "first horse battery"})
	grant := l.granted(s.must(t, "", "AuthService/CompleteSetup",
		object{"token": token[1], "email": "ana.lopez@example.com", "name": "Ana", "password": "first horse battery"}))
	return grant["accessToken"].(string)
}

// granted notes the tokens of an answer.
func (l *secrets) granted(grant object) object {
	for _, name := range []string{"accessToken", "refreshToken"} {
		if token, ok := grant[name].(string); ok {
			l.add(name, token)
		}
	}
	return grant
}

// refused makes a call that must fail.
func (l *secrets) refused(t *testing.T, s *server, accessToken, rpc string, request any) {
	t.Helper()
	require.Error(t, l.call(t, s, accessToken, rpc, request), rpc)
}

func (*secrets) call(t *testing.T, s *server, accessToken, rpc string, request any) error {
	t.Helper()
	header := http.Header{}
	if accessToken != "" {
		header.Set("Authorization", "Bearer "+accessToken)
	}
	_, err := protocols()[0].call(t.Context(), s, rpc, header, marshal(t, request))
	return err
}

// useKeys creates an API key and uses it, right and wrong, and after it was revoked.
func (l *secrets) useKeys(t *testing.T, s *server, accessToken string) {
	t.Helper()
	body, err := protocols()[0].call(t.Context(), s, "AuthService/CreateApiKey",
		http.Header{"Authorization": {"Bearer " + accessToken}}, marshal(t, object{"name": "erp", "access": "ACCESS_READ"}))
	require.NoError(t, err)
	created := decodeObject(t, body)
	key, ok := created["secret"].(string)
	require.True(t, ok)
	l.add("key of a program", key, key+"x")
	require.NoError(t, l.call(t, s, key, "ProductService/ListProducts", object{}))
	l.refused(t, s, key, "ProductService/DeleteProduct", object{})
	l.refused(t, s, key+"x", "ProductService/ListProducts", object{})
	description, ok := created["apiKey"].(map[string]any)
	require.True(t, ok)
	require.NoError(t, l.call(t, s, accessToken, "AuthService/RevokeApiKey", object{"id": description["id"]}))
	l.refused(t, s, key, "ProductService/ListProducts", object{})
}

// misuse sends secrets to where they do not belong.
func (l *secrets) misuse(t *testing.T, s *server, accessToken string) {
	t.Helper()
	l.add("password", "wrong horse battery", "7351948206417")
	l.add("address", "unknown.person@example.com", "taken.person@example.com")
	l.refused(t, s, "", "AuthService/SignIn", object{"email": "ana.lopez@example.com", "password": "wrong horse battery"})
	l.refused(t, s, "", "AuthService/SignIn", object{"email": "unknown.person@example.com", "password": "wrong horse battery"})
	l.refused(t, s, accessToken+"x", "AuthService/GetCurrentAdmin", object{})
	l.refused(t, s, accessToken, "AuthService/ChangePassword", object{"currentPassword": "wrong horse battery", "newPassword": "7351948206417"})
	for range 2 {
		err := l.call(t, s, accessToken, "AdminService/CreateAdmin",
			object{"admin": object{"email": "taken.person@example.com", "name": "Taken"}, "password": "7351948206417"})
		if err != nil {
			require.Equal(t, connect.CodeAlreadyExists, connect.CodeOf(err))
		}
	}
	for _, raw := range []string{
		`{"email": "unknown.person@example.com", "password": 7351948206417}`,
		`{"email": "unknown.person@example.com", "pass": "wrong horse battery"}`,
		`{"email": "unknown.person@example.com", "password": "wrong horse battery"`,
	} {
		s.post(t, "/catalog.v1.AuthService/SignIn", raw)
	}
	s.post(t, "/webhooks/mailgun", `{"signature": {"token": "x", "timestamp": "1", "signature": "y"},
		"event-data": {"event": "delivered", "recipient": "unknown.person@example.com"}}`)
	s.post(t, "/unknown.person@example.com", "{}")
}

// post sends JSON, whatever becomes of it.
func (s *server) post(t *testing.T, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http1.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

// invite invites somebody, whose first mail Mailgun refuses for now, and who accepts.
func (l *secrets) invite(t *testing.T, s *server, m *talker, accessToken string) {
	t.Helper()
	l.add("password", "second horse battery")
	l.add("address", "bo.invited@example.com")
	err := l.call(t, s, accessToken, "AdminService/CreateAdmin",
		object{"admin": object{"email": "bo.invited@example.com", "name": "Bo"}})
	require.NoError(t, err)
	token := m.token(t, "bo.invited@example.com")
	l.add("invitation", token)
	l.granted(s.must(t, "", "AuthService/AcceptInvitation", object{"token": token, "password": "second horse battery"}))
	l.refused(t, s, "", "AuthService/AcceptInvitation", object{"token": token, "password": "second horse battery"})
}

// reset has Bo choose another password.
func (l *secrets) reset(t *testing.T, s *server, m *talker) {
	t.Helper()
	l.add("password", "third horse battery")
	s.must(t, "", "AuthService/RequestPasswordReset", object{"email": "bo.invited@example.com"})
	s.must(t, "", "AuthService/RequestPasswordReset", object{"email": "unknown.person@example.com"})
	token := m.token(t, "bo.invited@example.com")
	l.add("reset token", token)
	l.granted(s.must(t, "", "AuthService/ResetPassword", object{"token": token, "newPassword": "third horse battery"}))
}

// refresh uses a refresh token again after its successor.
func (l *secrets) refresh(t *testing.T, s *server) {
	t.Helper()
	grant := l.granted(s.must(t, "", "AuthService/SignIn",
		object{"email": "bo.invited@example.com", "password": "third horse battery"}))
	next := l.granted(s.must(t, "", "AuthService/RefreshSession", object{"refreshToken": grant["refreshToken"]}))
	l.granted(s.must(t, "", "AuthService/RefreshSession", object{"refreshToken": next["refreshToken"]}))
	l.refused(t, s, "", "AuthService/RefreshSession", object{"refreshToken": grant["refreshToken"]})
}

// failMails has Mailgun refuse mails for good.
func (l *secrets) failMails(t *testing.T, s *server, accessToken string) {
	t.Helper()
	l.add("address", "nobody@example.com")
	err := l.call(t, s, accessToken, "AdminService/CreateAdmin",
		object{"admin": object{"email": "nobody@example.com", "name": "No"}, "password": "third horse battery"})
	require.NoError(t, err)
	err = l.call(t, s, accessToken, "ProductService/CreateProduct", object{"product": product("log")})
	require.NoError(t, err)
	wait.For(t, func() bool { return strings.Contains(s.log.String(), "n***@example.com") }, "a line about the refusal, with the address masked")
}

// check looks for every secret in the log. What the server prints for the person at the terminal is no part of
// it: the setup link is there on purpose.
func (l *secrets) check(t *testing.T, s *server) {
	t.Helper()
	require.NoError(t, s.stop(t))
	lines := 0
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, "{") {
			continue
		}
		lines++
		for secret, what := range l.known {
			if strings.Contains(line, secret) {
				t.Errorf("the log holds a %s:\n%s", what, line)
			}
		}
	}
	require.Greater(t, lines, 30)
	for _, want := range []string{
		"SIGN_IN_FAILED", "EMAIL_TAKEN", "REFRESH_TOKEN_REUSED", "REQUEST_MALFORMED", "webhook refused", "mail not sent",
		"u***@example.com", // in the path of a request
	} {
		require.Contains(t, s.log.String(), want, "what should be in it is not")
	}
}

func marshal(t *testing.T, request any) []byte {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	return body
}
