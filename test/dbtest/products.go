package dbtest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
)

// NewProduct starts the creation of a product whose fields do not matter.
func NewProduct(tx *ent.Tx, sku string) *ent.ProductCreate {
	return tx.Product.Create().SetSku(sku).SetName("Name").SetBrand("Brand").
		SetPriceMinor(12990).SetPriceExponent(2).SetCurrency("MXN").
		SetSkuKey([]byte(sku)).SetNameKey([]byte("name")).SetBrandKey([]byte("brand")).SetSearchText("")
}

// CreateProduct creates such a product, which full-text search finds by the words of a text.
func CreateProduct(t testing.TB, d *db.DB, sku, searchText string) (id uuid.UUID) {
	t.Helper()
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		id = NewProduct(tx, sku).SetSearchText(searchText).SaveX(ctx).ID
		return nil
	}))
	return id
}

// Search finds products by the beginnings of words, with the queries that the search migrations state.
func Search(t testing.TB, d *db.DB, words string) []uuid.UUID {
	t.Helper()
	query, prefix, and := "search_vector @@ CAST($1 AS tsquery)", `'%s':*`, " & "
	if d.Dialect() == "sqlite3" {
		query = `id IN (SELECT d.product_id
			FROM product_search JOIN product_search_docs d ON d.doc_id = product_search.rowid
			WHERE product_search MATCH ?)`
		prefix, and = `"%s"*`, " "
	}
	var parts []string
	for word := range strings.FieldsSeq(words) {
		parts = append(parts, strings.ReplaceAll(prefix, "%s", word))
	}
	rows, err := d.ReadSQL().QueryContext(t.Context(),
		"SELECT id FROM products WHERE delete_time IS NULL AND "+query, strings.Join(parts, and))
	require.NoError(t, err)
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err())
	return ids
}
