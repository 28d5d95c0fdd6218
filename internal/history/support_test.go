package history_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/text"
	"github.com/zebrands/catalog/test/dbtest"
)

// world is a database with the hook and a listener.
type world struct {
	t         *testing.T
	db        *db.DB
	ana, luis auth.Principal

	mu sync.Mutex
	// told records the listener's input of each transaction.
	told []told
	// refusal is the listener's result.
	refusal error
}

type told struct {
	by      auth.Principal
	changes []int64
}

// each runs fn as a subtest on every database.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{
			t: t, db: d,
			ana:  auth.Principal{AdminID: uuid.New(), Name: "Ana"},
			luis: auth.Principal{AdminID: uuid.New(), Name: "Luis"},
		}
		d.HookProducts(history.NewHook(w.listen))
		fn(t, w)
	})
}

func (w *world) listen(ctx context.Context, tx *ent.Tx, by auth.Principal, changes []*ent.ProductChange) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refusal != nil {
		return w.refusal
	}
	heard := told{by: by}
	for _, c := range changes {
		if _, err := tx.ProductChange.Get(ctx, c.ID); err != nil { // the row exists
			return err
		}
		heard.changes = append(heard.changes, c.ID)
	}
	w.told = append(w.told, heard)
	return nil
}

// as returns a context for calls by an administrator.
func (w *world) as(by auth.Principal) context.Context { return auth.WithPrincipal(w.t.Context(), by) }

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
func (w *world) product(by auth.Principal, sku string) *ent.Product {
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
func (w *world) rename(by auth.Principal, p *ent.Product, name string) {
	w.t.Helper()
	w.tx(w.as(by), func(ctx context.Context, tx *ent.Tx) error {
		return tx.Product.UpdateOneID(p.ID).SetName(name).Exec(ctx)
	})
}

func (w *world) changes() []*ent.ProductChange {
	w.t.Helper()
	rows, err := w.db.Reader().ProductChange.Query().Order(ent.Asc("id")).All(w.t.Context())
	require.NoError(w.t, err)
	return rows
}

func (w *world) get(id uuid.UUID) *ent.Product {
	w.t.Helper()
	p, err := w.db.Reader().Product.Get(w.t.Context(), id)
	require.NoError(w.t, err)
	return p
}
