package notification_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
)

// productOfKey creates a product as an API key of an administrator.
func (w *world) productOfKey(creator *ent.Admin, name, sku string) {
	w.t.Helper()
	ctx := auth.WithPrincipal(w.t.Context(), auth.Principal{
		AdminID: creator.ID, Name: name + " (key of " + creator.Name + ")",
		Key: auth.Key{ID: uuid.New(), Access: catalogv1.ApiKey_ACCESS_WRITE},
	})
	w.tx(ctx, func(ctx context.Context, tx *ent.Tx) error { return draft(tx, sku).Exec(ctx) })
}

// The creator of a key is told of its changes as everybody else is, in a batch apart from their own.
func TestCreatorIsToldWhatTheirKeyChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.productOfKey(w.ana, "erp", "KEYED")
		w.product(w.ana, "OWN")
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 5 && w.allIn(delivery.StateSent) })
		told := map[string]bool{}
		for _, m := range w.mailer.messages() {
			require.Contains(t, m.Text, "somebody else or a program changed it")
			told[m.Subject] = true
		}
		require.Contains(t, told, `erp (key of Ana) created "Product KEYED" (KEYED)`)
		require.Contains(t, told, `Ana created "Product OWN" (OWN)`)
		byRecipient := map[uuid.UUID]int{}
		for _, d := range w.deliveries() {
			byRecipient[d.RecipientID]++
		}
		require.Equal(t, map[uuid.UUID]int{w.ana.ID: 1, w.luis.ID: 2, w.emma.ID: 2}, byRecipient)
	})
}

func TestDigestCountsPrograms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.prefer(w.emma, notificationpreference.FrequencyHourly)
		w.product(w.ana, "A")
		w.product(w.luis, "B")
		w.productOfKey(w.emma, "erp", "C")
		w.work()
		w.until(func() bool { return w.count("river_job WHERE kind = 'notify' AND state <> 'completed'") == 0 })
		for _, d := range w.deliveries() {
			if d.RecipientID == w.emma.ID {
				require.Equal(t, 3, d.ChangeCount)
				w.deliver(d.ID)
			}
		}
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		var subjects []string
		for _, m := range w.mailer.messages() {
			subjects = append(subjects, m.Subject)
		}
		require.Contains(t, subjects, "3 administrators and programs made 3 changes to 3 products")
	})
}
