package notification_test

import (
	"context"
	"log/slog"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/internal/text"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// patience bounds every wait in these tests.
const patience = wait.Patience

// world is a catalog with three administrators, the hook registered and no running worker.
type world struct {
	t               *testing.T
	db              *db.DB
	queue           *queue.Queue
	mailer          *postbox
	rate            float64
	resend          bool
	health          *notification.Health
	ana, luis, emma *ent.Admin
	events          <-chan *river.Event
}

// each runs fn as a subtest on every database.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	q, err := queue.New(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	d.HookProducts(history.NewHook(notification.Listener(q, 0)))
	w := &world{t: t, db: d, queue: q, mailer: &postbox{batch: 1000}, health: &notification.Health{}}
	w.ana, w.luis, w.emma = w.admin("Ana"), w.admin("Luis"), w.admin("Emma")
	return w
}

func (w *world) admin(name string) *ent.Admin {
	w.t.Helper()
	var a *ent.Admin
	w.tx(context.Background(), func(ctx context.Context, tx *ent.Tx) error {
		var err error
		a, err = tx.Admin.Create().SetName(name).SetEmail(strings.ReplaceAll(text.Fold(name), " ", "") + "@example.com").
			SetPasswordHash("hash").Save(ctx)
		return err
	})
	return a
}

// as returns a context for calls by an administrator.
func (w *world) as(a *ent.Admin) context.Context {
	return auth.WithPrincipal(w.t.Context(), auth.Principal{AdminID: a.ID, Name: a.Name})
}

// fresh is as for somebody who has just signed in.
func (w *world) fresh(a *ent.Admin) context.Context {
	return auth.WithPrincipal(w.t.Context(), auth.Principal{AdminID: a.ID, Name: a.Name, AuthTime: w.db.Now()})
}

func (w *world) tx(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(ctx, fn))
}

// draft is a new product.
func draft(tx *ent.Tx, sku string) *ent.ProductCreate {
	key := []byte(text.Fold(sku))
	return tx.Product.Create().SetSku(sku).SetName("Product " + sku).SetBrand("Luuna").
		SetPriceMinor(129_90).SetPriceExponent(2).SetCurrency("MXN").
		SetSkuKey(key).SetNameKey(key).SetBrandKey(key).SetSearchText(text.Fold(sku))
}

// product creates a product in its own transaction.
func (w *world) product(by *ent.Admin, sku string) *ent.Product {
	w.t.Helper()
	var p *ent.Product
	w.tx(w.as(by), func(ctx context.Context, tx *ent.Tx) error {
		var err error
		p, err = draft(tx, sku).Save(ctx)
		return err
	})
	return p
}

// rename changes a product's name in its own transaction.
func (w *world) rename(by *ent.Admin, p *ent.Product, name string) {
	w.t.Helper()
	w.tx(w.as(by), func(ctx context.Context, tx *ent.Tx) error {
		return tx.Product.UpdateOneID(p.ID).SetName(name).Exec(ctx)
	})
}

func (w *world) prefer(a *ent.Admin, f notificationpreference.Frequency) {
	w.t.Helper()
	w.tx(w.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		return tx.NotificationPreference.Create().SetID(a.ID).SetFrequency(f).Exec(ctx)
	})
}

// work starts the workers, with the world's mailer unless another is given.
func (w *world) work(mailers ...mail.Mailer) {
	w.t.Helper()
	deps := notification.Deps{
		DB: w.db, Queue: w.queue, Mailer: w.mailer, Log: slog.New(slog.DiscardHandler),
		From: netmail.Address{Name: "Catalog", Address: "catalog@example.com"}, PublicURL: "https://catalog.test/", Rate: w.rate,
		Resend: w.resend, Health: w.health,
	}
	for _, m := range mailers {
		deps.Mailer = m
	}
	workers := river.NewWorkers()
	notification.Register(workers, deps)
	require.NoError(w.t, w.queue.Work(w.t.Context(), workers, queue.WorkerConfig{PollInterval: 20 * time.Millisecond}))
	events, cancel := w.queue.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed,
		river.EventKindJobSnoozed, river.EventKindJobCancelled)
	w.events = events
	w.t.Cleanup(func() {
		cancel()
		require.NoError(w.t, w.queue.Stop(context.Background()))
	})
}

// until waits until the condition holds, checking after each job.
func (w *world) until(condition func() bool) {
	w.t.Helper()
	timeout := time.After(patience)
	for !condition() {
		select {
		case <-w.events:
		case <-timeout:
			require.Fail(w.t, "the condition did not come true", "deliveries: %v", w.deliveries())
		}
	}
}

// untilIdle waits until no job is due.
func (w *world) untilIdle() {
	w.t.Helper()
	w.until(func() bool {
		return w.count("river_job WHERE state IN ('available', 'running', 'retryable')") == 0
	})
}

func (w *world) count(from string) int {
	w.t.Helper()
	var n int
	require.NoError(w.t, w.db.ReadSQL().QueryRowContext(w.t.Context(), "SELECT count(*) FROM "+from).Scan(&n))
	return n
}

func (w *world) changes() []*ent.ProductChange {
	w.t.Helper()
	rows, err := w.db.Reader().ProductChange.Query().Order(ent.Asc("id")).All(w.t.Context())
	require.NoError(w.t, err)
	return rows
}

func (w *world) deliveries() []*ent.Delivery {
	w.t.Helper()
	rows, err := w.db.Reader().Delivery.Query().Order(ent.Asc("id")).All(w.t.Context())
	require.NoError(w.t, err)
	return rows
}

// allIn reports whether there are deliveries and all are in the state.
func (w *world) allIn(state delivery.State) bool {
	w.t.Helper()
	rows := w.deliveries()
	for _, d := range rows {
		if d.State != state {
			return false
		}
	}
	return len(rows) > 0
}

func (w *world) get(id uuid.UUID) *ent.Product {
	w.t.Helper()
	p, err := w.db.Reader().Product.Get(w.t.Context(), id)
	require.NoError(w.t, err)
	return p
}

// postbox is a mailer that records its messages.
type postbox struct {
	mu     sync.Mutex
	batch  int
	settle time.Duration
	sent   []mail.Message
	asked  int
	// onSend can reject a message or run code before it is recorded; afterSend runs after that.
	onSend    func(try int, m mail.Message) error
	afterSend func(try int, m mail.Message) error
	// onAsk runs during each call of Accepted.
	onAsk func()
	// knows makes Accepted return the sent mails.
	knows    bool
	askError error
	tries    int
}

func (p *postbox) Send(_ context.Context, m mail.Message) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	if p.onSend != nil {
		if err := p.onSend(p.tries, m); err != nil {
			return "", err
		}
	}
	p.sent = append(p.sent, m)
	if p.afterSend != nil {
		if err := p.afterSend(p.tries, m); err != nil {
			return "", err
		}
	}
	return m.ID, nil
}

func (p *postbox) Accepted(_ context.Context, id string, _ time.Time) (map[string]bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.onAsk != nil {
		p.onAsk()
	}
	if p.askError != nil {
		return nil, p.askError
	}
	accepted := map[string]bool{}
	for _, m := range p.sent {
		for _, to := range m.To {
			if p.knows && m.ID == id {
				accepted[to.Address] = true
			}
		}
	}
	return accepted, nil
}

func (p *postbox) Settle() time.Duration { return p.settle }
func (p *postbox) BatchSize() int        { return p.batch }

// received returns the number of mails by address.
func (p *postbox) received() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	received := map[string]int{}
	for _, m := range p.sent {
		for _, to := range m.To {
			received[to.Address]++
		}
	}
	return received
}

// messages returns the sent messages.
func (p *postbox) messages() []mail.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]mail.Message(nil), p.sent...)
}

// counts returns the number of calls of Send and Accepted.
func (p *postbox) counts() (tries, asked int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries, p.asked
}

// refuse makes every Send fail with the error; nil makes them succeed again.
func (p *postbox) refuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onSend = func(int, mail.Message) error { return err }
}

// answers makes every Accepted fail with the error; nil makes them succeed again.
func (p *postbox) answers(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.askError = err
}

// afterSend calls fn with the ID of each accepted message.
func afterSend(fn func(id string)) func(int, mail.Message) error {
	return func(_ int, m mail.Message) error {
		fn(m.ID)
		return nil
	}
}
