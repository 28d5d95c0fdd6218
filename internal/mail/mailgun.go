package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/mailgun/mailgun-go/v4/events"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
)

const (
	// mailgunTimeout limits one call of the API.
	mailgunTimeout = 20 * time.Second
	// dialTimeout limits how long a connection may take.
	dialTimeout = 10 * time.Second
	// mailgunSettle is longer than mailgunTimeout, and leaves the event log time to show what was taken.
	mailgunSettle = 30 * time.Second
	// mailgunPause is how long to wait after an answer of 429 that does not say it.
	mailgunPause = 30 * time.Second
	// mailgunSkew is by how much Mailgun's clock may differ from ours.
	mailgunSkew = time.Hour
	// mailgunPage is how many events one page holds: the most that Mailgun gives.
	mailgunPage = 300
	// MessageIDVariable is the name of the custom variable that repeats the message's ID in events.
	MessageIDVariable = "catalog-message-id"
)

// Mailgun hands mails to Mailgun's API: one call for up to 1,000 recipients, each of whom gets a mail of
// their own.
type Mailgun struct {
	api    *mailgun.MailgunImpl
	apiKey string
}

// version is the end of a base URL that holds the API's version.
var version = regexp.MustCompile(`/v[1-9]$`)

// NewMailgun returns a mailer for a sending domain. The base URL is the host's, without a version; empty
// means Mailgun's in the United States. Returns an error if it is no such URL.
func NewMailgun(domain, apiKey, baseURL string) (*Mailgun, error) {
	if baseURL == "" {
		baseURL = strings.TrimSuffix(mailgun.APIBaseUS, "/v3")
	}
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("mail: %q is no base URL of Mailgun such as https://api.eu.mailgun.net", baseURL)
	}
	api := mailgun.NewMailgun(domain, apiKey)
	api.SetAPIBase(version.ReplaceAllString(strings.TrimRight(baseURL, "/"), "") + "/v3")
	api.SetClient(&http.Client{Timeout: mailgunTimeout, Transport: noteRetryAfter{traced(transport())}})
	return &Mailgun{api: api, apiKey: apiKey}, nil
}

// Send hands the message to Mailgun in one call.
func (g *Mailgun) Send(ctx context.Context, m Message) (string, error) {
	msg := mailgun.NewMessage(header(m.From), literal(oneLine(m.Subject)), literal(m.Text))
	msg.SetHTML(strings.ReplaceAll(m.HTML, "%recipient", "&#37;recipient"))
	msg.AddHeader("Message-Id", "<"+m.ID+">")
	msg.AddHeader("Date", m.Time.Format(time.RFC1123Z))
	msg.AddHeader("Auto-Submitted", "auto-generated")
	msg.SetTracking(false) // links hold secrets, and reading is nobody's business
	for _, to := range m.To {
		// Recipient variables, even empty ones, are what gives each recipient a mail of their own.
		if err := msg.AddRecipientAndVariables(to.Address, map[string]any{}); err != nil {
			return "", &Error{Kind: Permanent, Message: err.Error()}
		}
	}
	if err := errors.Join(msg.AddTag(m.Tag), msg.AddVariable(MessageIDVariable, m.ID)); err != nil {
		return "", &Error{Kind: Permanent, Message: err.Error()}
	}
	var retryAfter time.Duration
	_, id, err := g.api.Send(context.WithValue(ctx, retryAfterKey{}, &retryAfter), msg)
	if err != nil {
		return "", g.classify(err, retryAfter)
	}
	if id = strings.Trim(id, "<>"); id == "" {
		id = m.ID
	}
	return id, nil
}

// literal keeps Mailgun from taking a text such as "%recipient.name%" for a variable: it puts an
// invisible word joiner after the percent sign.
func literal(s string) string {
	return strings.ReplaceAll(s, "%recipient", "%\u2060recipient")
}

// classify tells what an error of the API means. 429 is about all messages. An answer about the account
// or the moment (401, 402, 403, 404, 408, 409, 425) may change without the message changing; any other
// 4xx never will. After a 5xx, or none, the message may have been taken.
func (g *Mailgun) classify(err error, retryAfter time.Duration) *Error {
	var answer *mailgun.UnexpectedResponseError
	if !errors.As(err, &answer) {
		return g.unanswered(err)
	}
	e := &Error{
		Kind:       Permanent,
		RetryAfter: retryAfter,
		Message:    fmt.Sprintf("Mailgun answered %d: %s", answer.Actual, excerpt(reason(answer.Data), g.apiKey)),
	}
	switch code := answer.Actual; code {
	case http.StatusTooManyRequests:
		e.Kind, e.RetryAfter = Limited, cmp.Or(retryAfter, mailgunPause)
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly:
		e.Kind = Temporary
	default:
		if code < 400 || code >= 500 {
			e.Kind = Unknown
		}
	}
	return e
}

// unanswered returns the error of a call that got no answer. The message was not sent if there was not
// even a connection.
func (g *Mailgun) unanswered(err error) *Error {
	e := &Error{Kind: Unknown, RetryAfter: mailgunSettle, Message: excerpt("Mailgun: "+err.Error(), g.apiKey)}
	var op *net.OpError
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" {
		e.Kind, e.RetryAfter = Temporary, 0
	}
	return e
}

// reason returns the message in an answer of the API, or all of an answer without one.
func reason(data []byte) string {
	var body struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(data, &body) == nil && body.Message != "" {
		return body.Message
	}
	return string(data)
}

// Accepted looks the message up in Mailgun's event log.
func (g *Mailgun) Accepted(ctx context.Context, id string, since time.Time) (map[string]bool, error) {
	accepted := map[string]bool{}
	it := g.api.ListEvents(&mailgun.ListEventOptions{
		Begin:          since.Add(-mailgunSkew),
		ForceAscending: true,
		Limit:          mailgunPage,
		Filter:         map[string]string{"message-id": id, "event": events.EventAccepted},
	})
	var retryAfter time.Duration
	ctx = context.WithValue(ctx, retryAfterKey{}, &retryAfter)
	var page []mailgun.Event
	for it.Next(ctx, &page) {
		for _, event := range page {
			e, ok := event.(*events.Accepted)
			if ok && strings.Trim(e.Message.Headers.MessageID, "<>") == id {
				accepted[strings.ToLower(e.Recipient)] = true
			}
		}
	}
	if err := it.Err(); err != nil {
		return nil, g.classify(err, retryAfter)
	}
	return accepted, nil
}

// Settle returns the time after which a try is over, and the event log is expected to show it.
func (*Mailgun) Settle() time.Duration { return mailgunSettle }

// BatchSize returns how many recipients Mailgun takes in one call.
func (*Mailgun) BatchSize() int { return mailgun.MaxNumberOfRecipients }

// transport keeps a few connections open, and gives up on what does not answer.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: mailgunTimeout,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
	}
}

// traced gives each call a span in the trace that it belongs to, if there is one. Mailgun hears nothing of
// that: the trace is ours.
func traced(next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(next, otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
}

type retryAfterKey struct{}

// noteRetryAfter keeps the Retry-After header of an answer, which the client drops, for the caller that
// left a place for it in the request's context.
type noteRetryAfter struct{ next http.RoundTripper }

// RoundTrip makes the call.
func (n noteRetryAfter) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := n.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if place, ok := r.Context().Value(retryAfterKey{}).(*time.Duration); ok {
		*place = parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return resp, nil
}

// parseRetryAfter reads seconds or a date. Returns 0 for anything else, and never more than a day.
func parseRetryAfter(value string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), 24*time.Hour)
}
