package db_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestIsUniqueViolation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := dbtest.CreateProduct(t, d, "A", "")
		create := func(change func(*ent.ProductCreate) *ent.ProductCreate) error {
			return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return change(dbtest.NewProduct(tx, "A")).Exec(ctx)
			})
		}
		err := create(func(c *ent.ProductCreate) *ent.ProductCreate { return c })
		require.True(t, db.IsUniqueViolation(err, "product_live_sku"), err)
		require.False(t, db.IsUniqueViolation(err, "admin_live_email"))
		require.False(t, db.IsUniqueViolation(err, "products_pkey"))
		require.False(t, db.IsUniqueViolation(err, ""))
		require.False(t, db.IsUnavailable(err))

		err = create(func(c *ent.ProductCreate) *ent.ProductCreate { return c.SetID(id).SetSku("B") })
		require.True(t, db.IsUniqueViolation(err, "products_pkey"), err)
		require.False(t, db.IsUniqueViolation(err, "product_live_sku"))

		require.False(t, db.IsUniqueViolation(errors.New("UNIQUE constraint failed: products.sku ("), "product_live_sku"))
		require.False(t, db.IsUniqueViolation(nil, "product_live_sku"))
	})
}

func TestUniqueIndexOfSeveralColumns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		product := dbtest.CreateProduct(t, d, "A", "")
		count := func() error {
			return d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return tx.ProductView.Create().SetProductID(product).SetHour(hour).Exec(ctx)
			})
		}
		require.NoError(t, count())
		err := count()
		require.True(t, db.IsUniqueViolation(err, "productview_product_id_hour"), err)
		require.False(t, db.IsUniqueViolation(err, "productview_hour"))
	})
}

func TestIsUnavailable(t *testing.T) {
	t.Run("server not reached", func(t *testing.T) {
		_, err := db.Open(t.Context(), "postgres://u:secret@127.0.0.1:1/x?sslmode=disable", slog.New(slog.DiscardHandler))
		require.Error(t, err)
		require.True(t, db.IsUnavailable(err), err)
		require.NotContains(t, err.Error(), "secret")
	})
	t.Run("session ended by the server", func(t *testing.T) {
		d := dbtest.New(t, "postgres")
		err := d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.ExecContext(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		})
		require.True(t, db.IsUnavailable(err), err)
		require.NoError(t, d.Ping(t.Context()), "the pool must recover")
	})
	t.Run("other errors", func(t *testing.T) {
		for _, err := range []error{nil, errors.New("x"), context.Canceled, db.ErrNested} {
			require.False(t, db.IsUnavailable(err))
		}
		require.True(t, db.IsUnavailable(io.ErrUnexpectedEOF))
	})
}

func TestOpenNeverShowsThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://u:secret@host:port/x", "postgres://u:secret@%zz/x", "postgres://u:secret@127.0.0.1:1/x?no_such_option=1",
	} {
		_, err := db.Open(t.Context(), url, slog.New(slog.DiscardHandler))
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secret")
	}
}
