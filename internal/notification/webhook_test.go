package notification_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/notification"
)

const signingKey = "key-of-the-webhook"

// signed returns the body of a webhook with a token of its own, signed at that time.
func signed(key string, at time.Time, event any) string {
	return signedWith(rand.Text(), key, at, event)
}

func signedWith(token, key string, at time.Time, event any) string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + token))
	body, err := json.Marshal(map[string]any{
		"signature": map[string]string{
			"timestamp": timestamp, "token": token, "signature": hex.EncodeToString(mac.Sum(nil)),
		},
		"event-data": event,
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func mailEvent(name, severity, messageID, recipient string) map[string]any {
	return map[string]any{
		"event": name, "severity": severity, "recipient": recipient,
		"message":         map[string]any{"headers": map[string]any{"message-id": messageID}},
		"delivery-status": map[string]any{"code": 550, "message": "no such\r\nmailbox"},
	}
}

func post(h http.Handler, method, body string) int {
	r := httptest.NewRequestWithContext(context.Background(), method, "/webhooks/mailgun", strings.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestWebhookMovesDeliveriesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		h := notification.NewWebhook(w.db, signingKey, slog.New(slog.DiscardHandler))
		id := w.deliveries()[0].MessageID
		of := func(a *ent.Admin) *ent.Delivery {
			d, err := w.db.Reader().Delivery.Query().Where(delivery.RecipientID(a.ID)).Only(t.Context())
			require.NoError(t, err)
			return d
		}
		for _, step := range []struct {
			name, severity, id, recipient string
			luis, emma                    delivery.State
		}{
			{"opened", "", id, "luis@example.com", "sent", "sent"},
			{"failed", "temporary", id, "luis@example.com", "sent", "sent"},
			{"delivered", "", "another@example.com", "luis@example.com", "sent", "sent"},
			{"delivered", "", id, "nobody@example.com", "sent", "sent"},
			{"delivered", "", id, "LUIS@example.com", "delivered", "sent"},
			{"failed", "permanent", "<" + id + ">", "emma@example.com", "delivered", "bounced"},
			{"delivered", "", id, "emma@example.com", "delivered", "bounced"}, // no state moves back
			{"complained", "", id, "luis@example.com", "complained", "bounced"},
			{"failed", "permanent", id, "luis@example.com", "complained", "bounced"},
			{"delivered", "", id, "luis@example.com", "complained", "bounced"},
		} {
			body := signed(signingKey, time.Now(), mailEvent(step.name, step.severity, step.id, step.recipient))
			require.Equal(t, http.StatusOK, post(h, http.MethodPost, body))
			require.Equal(t, http.StatusOK, post(h, http.MethodPost, body), "a repeat does no harm")
			require.Equal(t, step.luis, of(w.luis).State, "%+v", step)
			require.Equal(t, step.emma, of(w.emma).State, "%+v", step)
		}
		require.Equal(t, "550: no such mailbox", of(w.emma).LastError)
	})
}

func TestWebhookThatIsFasterThanTheWorker(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := notification.NewWebhook(w.db, signingKey, slog.New(slog.DiscardHandler))
		w.mailer.afterSend = afterSend(func(id string) {
			event := mailEvent("delivered", "", "made-by-mailgun@example.com", "luis@example.com")
			event["user-variables"] = map[string]any{"catalog-message-id": id}
			require.Equal(t, http.StatusOK, post(h, http.MethodPost, signed(signingKey, time.Now(), event)))
		})
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool {
			return w.count("deliveries WHERE send_time IS NOT NULL") == 2
		})
		require.Equal(t, 1, w.count("deliveries WHERE state = 'delivered'"))
		require.Equal(t, 1, w.count("deliveries WHERE state = 'sent'"))
	})
}

func TestWebhookRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		log := slog.New(slog.DiscardHandler)
		h := notification.NewWebhook(w.db, signingKey, log)
		event := mailEvent("delivered", "", "x@example.com", "luis@example.com")
		good := signed(signingKey, time.Now(), event)
		for name, c := range map[string]struct {
			handler      http.Handler
			method, body string
			status       int
		}{
			"genuine":       {h, http.MethodPost, good, http.StatusOK},
			"no key":        {notification.NewWebhook(w.db, "", log), http.MethodPost, good, http.StatusNotFound},
			"GET":           {h, http.MethodGet, "", http.StatusMethodNotAllowed},
			"another key":   {h, http.MethodPost, signed("other", time.Now(), event), http.StatusNotAcceptable},
			"empty key":     {h, http.MethodPost, signed("", time.Now(), event), http.StatusNotAcceptable},
			"old":           {h, http.MethodPost, signed(signingKey, time.Now().Add(-10*time.Hour), event), http.StatusNotAcceptable},
			"from tomorrow": {h, http.MethodPost, signed(signingKey, time.Now().Add(24*time.Hour), event), http.StatusNotAcceptable},
			"no signature":  {h, http.MethodPost, `{"event-data":{}}`, http.StatusNotAcceptable},
			"not hex":       {h, http.MethodPost, `{"signature":{"token":"t","signature":"zz"}}`, http.StatusNotAcceptable},
			"no JSON":       {h, http.MethodPost, "hello", http.StatusBadRequest},
			"no event":      {h, http.MethodPost, signed(signingKey, time.Now(), "text"), http.StatusBadRequest},
			"too large":     {h, http.MethodPost, strings.Repeat(" ", 300<<10), http.StatusRequestEntityTooLarge},
		} {
			require.Equal(t, c.status, post(c.handler, c.method, c.body), name)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{
		`{"event":"delivered","recipient":"a@b.c","message":{"headers":{"message-id":"x@y"}}}`,
		`{"event":"failed","severity":"permanent","delivery-status":{"code":550,"message":"no\r\n"}}`,
		`{"user-variables":{"catalog-message-id":1}}`, `{"user-variables":[]}`, `null`, `[]`, ``, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		explanation, err := notification.ExplainEvent(raw)
		if err == nil && strings.ContainsAny(explanation, "\r\n\x00") {
			t.Fatalf("an explanation of several lines: %q", explanation)
		}
	})
}

// Mailgun signs a token and not the event, so whoever sees one webhook could sign others.
func TestTokenOfAWebhookCountsForOneEvent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		h := notification.NewWebhook(w.db, signingKey, slog.New(slog.DiscardHandler))
		id, at := w.deliveries()[0].MessageID, time.Now()
		opened := signedWith("seen", signingKey, at, mailEvent("opened", "", id, "luis@example.com"))
		forged := signedWith("seen", signingKey, at, mailEvent("complained", "", id, "luis@example.com"))
		require.Equal(t, http.StatusOK, post(h, http.MethodPost, opened))
		require.Equal(t, http.StatusNotAcceptable, post(h, http.MethodPost, forged))
		require.Equal(t, http.StatusOK, post(h, http.MethodPost, opened), "Mailgun may repeat it")
		require.True(t, w.allIn(delivery.StateSent))

		require.NoError(t, notification.Cleanup(t.Context(), w.db))
		require.Equal(t, 1, w.count("webhook_tokens"))
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE webhook_tokens SET create_time = $1", time.Now().UTC().Add(-24*time.Hour))
			return err
		})
		require.NoError(t, notification.Cleanup(t.Context(), w.db))
		require.Zero(t, w.count("webhook_tokens"))
	})
}
