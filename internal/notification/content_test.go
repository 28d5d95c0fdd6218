package notification_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	"github.com/zebrands/catalog/ent/productchange"
	"github.com/zebrands/catalog/internal/history"
)

// bulk creates products in one transaction. Their texts exceed the length that a mail shows, and grow when HTML
// escapes them.
func (w *world) bulk(by *ent.Admin, n int) {
	w.t.Helper()
	long := strings.Repeat(`<&">'+`, 150) // a mail shows 600 characters
	w.tx(w.as(by), func(ctx context.Context, tx *ent.Tx) error {
		drafts := make([]*ent.ProductCreate, n)
		for i := range drafts {
			drafts[i] = draft(tx, uuid.NewString()).SetDescription(long).SetTags([]string{long}).
				SetImageUrls([]string{long}).SetAttributes(map[string]string{"text": long})
		}
		return tx.Product.CreateBulk(drafts...).Exec(ctx)
	})
}

// Mails stay below the size at which mail clients clip messages, about 100 KB, whatever was changed.
func TestMailsStayReadable(t *testing.T) {
	const readable = 100_000
	each(t, func(t *testing.T, w *world) {
		w.bulk(w.ana, 120)
		w.bulk(w.luis, 1)
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 4 && w.allIn(delivery.StateSent) })
		for _, m := range w.mailer.messages() {
			t.Logf("%q: %d bytes of text, %d of HTML", m.Subject, len(m.Text), len(m.HTML))
			require.LessOrEqual(t, len(m.Text), readable)
			require.LessOrEqual(t, len(m.HTML), readable)
			require.Contains(t, m.HTML, "</html>")
			if strings.HasPrefix(m.Subject, "Luis") {
				require.NotContains(t, m.Text, " more: ")
				continue
			}
			require.Equal(t, "Ana made 120 changes to 120 products", m.Subject)
			told := strings.Count(m.Text, "\n* Ana created ")
			require.Positive(t, told)
			require.Contains(t, m.Text, fmt.Sprintf("And %d more: https://catalog.test/admin/notifications?change=", 120-told))
			require.Contains(t, m.HTML, fmt.Sprintf("And %d more: ", 120-told))
		}
	})
}

// manyBatches gives every digest more batches than a statement can have parameters.
func (w *world) manyBatches() {
	w.t.Helper()
	most := 65_535 // parameters of a statement
	id := "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
	numbers := "numbers AS (SELECT generate_series(1, %d) AS n)"
	if w.db.Dialect() == dialect.SQLite {
		most = 32_767
		id = "printf('00000000-0000-7000-8000-%012x', n)"
		numbers = "RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)"
	}
	numbers = fmt.Sprintf(numbers, most)
	w.tx(w.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		for _, insert := range []string{
			"INSERT INTO notification_batches (id, create_time, actor_id, change_count) WITH " + numbers +
				" SELECT " + id + ", create_time, actor_id, 1 FROM numbers, notification_batches",
			"INSERT INTO notification_batch_deliveries (notification_batch_id, delivery_id)" +
				" SELECT b.id, d.id FROM notification_batches b, deliveries d WHERE d.dedup_key LIKE 'daily/%'" +
				" AND b.change_count = 1 ON CONFLICT DO NOTHING",
		} {
			if _, err := tx.ExecContext(ctx, insert); err != nil {
				return err
			}
		}
		return nil
	})
}

// Mails name what a revert undid, also those of a digest.
func TestMailsNameReverts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		newest := func() int64 {
			return w.db.Reader().ProductChange.Query().Order(ent.Desc(productchange.FieldID)).FirstX(t.Context()).ID
		}
		revert := func(sequence int64, fn func(ctx context.Context, p *ent.ProductUpdateOne)) int64 {
			w.tx(history.Reverting(w.as(w.ana), sequence), func(ctx context.Context, tx *ent.Tx) error {
				change := tx.Product.UpdateOne(tx.Product.Query().OnlyX(ctx))
				fn(ctx, change)
				return change.Exec(ctx)
			})
			return newest()
		}
		w.prefer(w.luis, notificationpreference.FrequencyHourly)
		w.product(w.ana, "P")
		created := newest()
		p := w.db.Reader().Product.Query().OnlyX(t.Context())
		w.rename(w.ana, p, "Other")
		revert(newest(), func(_ context.Context, u *ent.ProductUpdateOne) { u.SetName(p.Name) })
		revert(newest(), func(_ context.Context, u *ent.ProductUpdateOne) { u.SetName("A").SetBrand("B") })
		deleted := revert(created, func(_ context.Context, u *ent.ProductUpdateOne) { u.SetDeleteTime(time.Now()) })
		restored := revert(deleted, func(_ context.Context, u *ent.ProductUpdateOne) { u.ClearDeleteTime() })
		revert(restored, func(_ context.Context, u *ent.ProductUpdateOne) { u.SetDeleteTime(time.Now()) })
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 2 })
		for _, d := range w.deliveries() {
			if d.RecipientID == w.luis.ID {
				w.deliver(d.ID)
			}
		}
		w.until(func() bool { return w.allIn(delivery.StateSent) })
		require.Len(t, w.mailer.messages(), 2)
		for _, m := range w.mailer.messages() {
			var told []string
			for line := range strings.Lines(m.Text) {
				if headline, ok := strings.CutPrefix(line, "* "); ok {
					told = append(told, strings.TrimSpace(headline))
				}
			}
			require.Equal(t, []string{
				`Ana created "Product P" (P)`,
				`Ana changed the name of "Other" (P)`,
				`Ana reverted the name of "Product P" (P)`,
				`Ana reverted the name and brand of "A" (P)`,
				`Ana reverted the creation of "A" (P)`,
				`Ana reverted the deletion of "A" (P)`,
				`Ana reverted the restoration of "A" (P)`,
			}, told)
		}
	})
}
