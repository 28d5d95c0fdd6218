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
	// mailgunTimeout bounds an API call.
	mailgunTimeout = 20 * time.Second
	// dialTimeout bounds connecting, and the TLS handshake.
	dialTimeout = 10 * time.Second
	// mailgunSettle exceeds mailgunTimeout by the event log's usual delay.
	mailgunSettle = 30 * time.Second
	// mailgunPause is the delay after a 429 without a usable Retry-After.
	mailgunPause = 30 * time.Second
	// mailgunSkew is the tolerated clock skew between Mailgun and this machine.
	mailgunSkew = time.Hour
	// mailgunPage is the number of events per page, Mailgun's maximum.
	mailgunPage = 300
	// MessageIDVariable is the custom variable that carries the message's ID in events.
	MessageIDVariable = "catalog-message-id"
)

// Mailgun sends mail through Mailgun's API: one call for up to 1,000 recipients, who get separate mails.
type Mailgun struct {
	api    *mailgun.MailgunImpl
	apiKey string
}

// version matches the API version at the end of a base URL.
var version = regexp.MustCompile(`/v[1-9]$`)

// NewMailgun returns a mailer for a sending domain. An empty baseURL means Mailgun's in the United States.
// Returns an error if baseURL is invalid.
func NewMailgun(domain, apiKey, baseURL string) (*Mailgun, error) {
	if baseURL == "" {
		baseURL = strings.TrimSuffix(mailgun.APIBaseUS, "/v3")
	}
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("mail: %q is not a base URL of Mailgun such as https://api.eu.mailgun.net", baseURL)
	}
	api := mailgun.NewMailgun(domain, apiKey)
	api.SetAPIBase(version.ReplaceAllString(strings.TrimRight(baseURL, "/"), "") + "/v3")
	api.SetClient(&http.Client{
		Timeout: mailgunTimeout, Transport: captureRetryAfter{traced(transport())},
		// The key and the mails are for this address alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	return &Mailgun{api: api, apiKey: apiKey}, nil
}

// Send sends the message in one API call.
func (g *Mailgun) Send(ctx context.Context, m Message) (string, error) {
	msg := mailgun.NewMessage(header(m.From), literal(oneLine(m.Subject)), literal(m.Text))
	msg.SetHTML(strings.ReplaceAll(m.HTML, "%recipient", "&#37;recipient"))
	msg.AddHeader("Message-Id", "<"+m.ID+">")
	msg.AddHeader("Date", m.Time.Format(time.RFC1123Z))
	msg.AddHeader("Auto-Submitted", "auto-generated")
	msg.SetTracking(false) // links contain secrets; opens are private
	for _, to := range m.To {
		// Recipient variables, even empty ones, make Mailgun send separate mails.
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

// literal keeps Mailgun from expanding a text such as "%recipient.name%" as a variable: it inserts an
// invisible word joiner after the percent sign.
func literal(s string) string {
	return strings.ReplaceAll(s, "%recipient", "%\u2060recipient")
}

// classify maps an API error to an Error. 429 is a rate limit on all messages. Errors of the account or of
// timing (401, 402, 403, 404, 408, 409, 425) are temporary, any other 4xx is permanent. After a 5xx or
// without a response, the message may have been accepted.
func (g *Mailgun) classify(err error, retryAfter time.Duration) *Error {
	var response *mailgun.UnexpectedResponseError
	if !errors.As(err, &response) {
		return g.transportError(err)
	}
	e := &Error{
		Kind:       Permanent,
		RetryAfter: retryAfter,
		Message:    fmt.Sprintf("Mailgun answered %d: %s", response.Actual, excerpt(reason(response.Data), g.apiKey)),
	}
	switch code := response.Actual; code {
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

// transportError classifies an error without a response. If the connection failed, the message was not sent.
func (g *Mailgun) transportError(err error) *Error {
	e := &Error{Kind: Unknown, RetryAfter: mailgunSettle, Message: excerpt("Mailgun: "+err.Error(), g.apiKey)}
	var op *net.OpError
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" {
		e.Kind, e.RetryAfter = Temporary, 0
	}
	return e
}

// reason returns the message of an API error response, or the whole response.
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
		e := g.classify(err, retryAfter)
		if code := statusOf(err); code == http.StatusUnauthorized || code == http.StatusForbidden {
			e.Kind = Unreadable
		}
		return nil, e
	}
	return accepted, nil
}

// statusOf returns the HTTP status of an API error; 0 if there was no response.
func statusOf(err error) int {
	if response, ok := errors.AsType[*mailgun.UnexpectedResponseError](err); ok {
		return response.Actual
	}
	return 0
}

// Settle returns the API's timeout plus the event log's usual delay.
func (*Mailgun) Settle() time.Duration { return mailgunSettle }

// BatchSize returns Mailgun's maximum number of recipients per call.
func (*Mailgun) BatchSize() int { return mailgun.MaxNumberOfRecipients }

// transport has timeouts for each phase and a small connection pool.
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

// traced gives each call a span. It does not propagate the trace to Mailgun.
func traced(next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(next, otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
}

type retryAfterKey struct{}

// captureRetryAfter stores the Retry-After header, which the client drops, in the *time.Duration at
// retryAfterKey in the request's context.
type captureRetryAfter struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c captureRetryAfter) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if retryAfter, ok := r.Context().Value(retryAfterKey{}).(*time.Duration); ok {
		*retryAfter = parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return resp, nil
}

// parseRetryAfter parses seconds or a date, capped at a day. Returns 0 for anything else.
func parseRetryAfter(value string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), 24*time.Hour)
}
