package notification_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
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
