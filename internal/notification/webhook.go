package notification

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/mailgun/mailgun-go/v4/events"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/webhooktoken"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/mail"
)

const (
	// webhookSize is the maximum size of a webhook, in bytes. Mailgun's have a few kilobytes.
	webhookSize = 256 << 10
	// webhookAge is the maximum age of a signature: Mailgun retries a webhook for eight hours.
	webhookAge = 9 * time.Hour
	// webhookSkew is the tolerated clock skew: how far Mailgun's clock may be ahead.
	webhookSkew = 5 * time.Minute
)

// Webhook handles Mailgun's event webhooks (POST /webhooks/mailgun), which update the states of deliveries.
//
// It responds 404 without a signing key, 405 to other methods, 413 to an oversized body, 400 to a malformed webhook,
// and 406 if the signature is invalid, expired or was received with another event; Mailgun does not retry after 406. It
// ignores events about unknown mails. States only move forward, so handling is idempotent: webhooks may be repeated or
// late.
type Webhook struct {
	db  *db.DB
	api *mailgun.MailgunImpl // nil without a key
	log *slog.Logger
	now func() time.Time
}

// NewWebhook returns the handler. signingKey is Mailgun's HTTP webhook signing key; without one, the webhook is
// disabled.
func NewWebhook(d *db.DB, signingKey string, log *slog.Logger) *Webhook {
	h := &Webhook{db: d, log: log, now: time.Now}
	if signingKey != "" {
		h.api = mailgun.NewMailgun("", "")
		h.api.SetWebhookSigningKey(signingKey)
	}
	return h
}

// ServeHTTP handles one webhook.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.api == nil:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webhookSize))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	var payload mailgun.WebhookPayload
	if err := json.Unmarshal(body, &payload); err != nil {
		http.Error(w, "the body is no webhook of Mailgun", http.StatusBadRequest)
		return
	}
	if !h.genuine(payload.Signature) {
		h.log.WarnContext(r.Context(), "webhook refused", "reason", string(fault.WebhookSignatureBad))
		http.Error(w, string(fault.WebhookSignatureBad), http.StatusNotAcceptable)
		return
	}
	e, err := parseEvent(payload.EventData)
	if err != nil {
		http.Error(w, "the event could not be read", http.StatusBadRequest)
		return
	}
	err = h.apply(r.Context(), payload, e)
	if errors.Is(err, errTokenReused) {
		h.log.WarnContext(r.Context(), "webhook refused", "reason", string(fault.WebhookSignatureBad), "error", err)
		http.Error(w, string(fault.WebhookSignatureBad), http.StatusNotAcceptable)
		return
	}
	if err != nil {
		h.log.ErrorContext(r.Context(), "webhook failed", "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// genuine reports whether the webhook has a valid and recent signature of Mailgun.
func (h *Webhook) genuine(s mailgun.Signature) bool {
	if s.Token == "" {
		return false
	}
	ok, err := h.api.VerifyWebhookSignature(s)
	if err != nil || !ok {
		return false
	}
	seconds, err := strconv.ParseInt(s.TimeStamp, 10, 64)
	if err != nil {
		return false
	}
	age := h.now().Sub(time.Unix(seconds, 0))
	return age < webhookAge && age > -webhookSkew
}

// event is a webhook's event about one mail to one recipient.
type event struct {
	name        string
	permanent   bool
	recipient   string
	messageIDs  []string
	explanation string
}

// parseEvent parses the event-data of a webhook. Returns an error if it is not a JSON object of the expected form.
func parseEvent(raw []byte) (event, error) {
	var data struct {
		Event     string         `json:"event"`
		Severity  string         `json:"severity"`
		Reason    string         `json:"reason"`
		Recipient string         `json:"recipient"`
		Message   events.Message `json:"message"`
		Status    struct {
			Code        int    `json:"code"`
			Message     string `json:"message"`
			Description string `json:"description"`
		} `json:"delivery-status"`
		UserVariables map[string]any `json:"user-variables"`
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return event{}, fmt.Errorf("event: %w", err)
	}
	e := event{
		name:      strings.ToLower(data.Event),
		permanent: data.Severity == events.SeverityPermanent,
		recipient: strings.ToLower(data.Recipient),
	}
	if id := strings.Trim(data.Message.Headers.MessageID, "<>"); id != "" {
		e.messageIDs = append(e.messageIDs, id)
	}
	if id, ok := data.UserVariables[mail.MessageIDVariable].(string); ok && id != "" {
		e.messageIDs = append(e.messageIDs, id)
	}
	text := plain(strings.ToValidUTF8(data.Status.Message+" "+data.Status.Description, "\uFFFD"))
	if text == "" {
		text = plain(strings.ToValidUTF8(data.Reason, "\uFFFD"))
	}
	e.explanation = shorten(text, valueSize)
	if data.Status.Code != 0 {
		e.explanation = fmt.Sprintf("%d: %s", data.Status.Code, e.explanation)
	}
	return e, nil
}

// errTokenReused is returned for a token that was received with another event: Mailgun signs the token, not the event.
var errTokenReused = errors.New("the token was received with another event")

// apply sets the new state of the event's delivery, unless it is already in that state or a later one. Returns
// errTokenReused.
func (h *Webhook) apply(ctx context.Context, payload mailgun.WebhookPayload, e event) error {
	return h.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := useToken(ctx, tx, payload); err != nil {
			return err
		}
		if len(e.messageIDs) == 0 || e.recipient == "" {
			return nil
		}
		update := tx.Delivery.Update().Where(
			delivery.MessageIDIn(e.messageIDs...), delivery.RecipientEmail(e.recipient))
		switch {
		case e.name == events.EventDelivered:
			update.SetState(delivery.StateDelivered).SetLastError("").Where(delivery.StateIn(
				delivery.StatePending, delivery.StateSent, delivery.StateFailed))
		case e.name == events.EventFailed && e.permanent:
			update.SetState(delivery.StateBounced).SetLastError(e.explanation).Where(delivery.StateIn(
				delivery.StatePending, delivery.StateSent, delivery.StateDelivered, delivery.StateFailed))
		case e.name == events.EventFailed:
			update.SetLastError(e.explanation).Where(delivery.StateEQ(delivery.StateSent))
		case e.name == events.EventComplained:
			update.SetState(delivery.StateComplained).Where(delivery.StateNEQ(delivery.StateComplained))
		default:
			return nil
		}
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("apply event %s: %w", e.name, err)
		}
		return nil
	})
}

// useToken remembers the token of a webhook with its event. Returns errTokenReused if it was received with another one.
func useToken(ctx context.Context, tx *ent.Tx, payload mailgun.WebhookPayload) error {
	id, digest := sha256.Sum256([]byte(payload.Signature.Token)), sha256.Sum256(payload.EventData)
	name := hex.EncodeToString(id[:])
	err := tx.WebhookToken.Create().SetID(name).SetDigest(digest[:]).
		OnConflictColumns(webhooktoken.FieldID).DoNothing().Exec(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("remember a webhook: %w", err)
	}
	first, err := tx.WebhookToken.Get(ctx, name)
	if err != nil {
		return fmt.Errorf("look up a webhook: %w", err)
	}
	if !bytes.Equal(first.Digest, digest[:]) {
		return errTokenReused
	}
	return nil
}

// Cleanup deletes the tokens of webhooks whose signatures have expired. Call it periodically, on any replica.
func Cleanup(ctx context.Context, d *db.DB) error {
	return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		oldest := tx.Clock.Now().Add(-webhookAge - 2*webhookSkew)
		if _, err := tx.WebhookToken.Delete().Where(webhooktoken.CreateTimeLT(oldest)).Exec(ctx); err != nil {
			return fmt.Errorf("delete tokens of webhooks: %w", err)
		}
		return nil
	})
}
