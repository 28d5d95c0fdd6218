package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// onConn runs a test on one connection of an empty database of each dialect.
func onConn(t *testing.T, options []db.Option, fn func(t *testing.T, conn *sql.Conn, d *db.DB)) {
	t.Helper()
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			d := dbtest.Open(t, dbtest.URL(t, name), options...)
			conn, err := d.SQL().Conn(t.Context())
			require.NoError(t, err)
			defer conn.Close()
			fn(t, conn, d)
		})
	}
}

func queryInt(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, query string, args ...any,
) (n int, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

func TestStatementsAreKeptAndRunAgain(t *testing.T) {
	onConn(t, nil, func(t *testing.T, conn *sql.Conn, d *db.DB) {
		for n := range 5 {
			got, err := queryInt(t.Context(), conn, "SELECT CAST($1 AS integer) + CAST($2 AS integer)", n, 1)
			require.NoError(t, err)
			require.Equal(t, n+1, got)
		}
		requireKept(t, conn, d, 1)
	})
}

func TestStatementsAreBounded(t *testing.T) {
	onConn(t, []db.Option{db.KeepStatements(3)}, func(t *testing.T, conn *sql.Conn, d *db.DB) {
		for n := range 50 {
			query := fmt.Sprintf("SELECT CAST($1 AS integer) + %d", n%7)
			got, err := queryInt(t.Context(), conn, query, n)
			require.NoError(t, err)
			require.Equal(t, n+n%7, got)
		}
		requireKept(t, conn, d, 3)
	})
}

func TestStatementsNotKept(t *testing.T) {
	onConn(t, nil, func(t *testing.T, conn *sql.Conn, d *db.DB) {
		_, err := conn.ExecContext(t.Context(), "CREATE TABLE a (id integer); CREATE TABLE b (id integer)")
		require.NoError(t, err, "several statements without arguments")
		many := make([]any, 101)
		for i := range many {
			many[i] = i
		}
		marks := make([]string, len(many))
		for i := range marks {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		_, err = queryInt(t.Context(), conn, "SELECT count(*) FROM a WHERE id IN ("+strings.Join(marks, ",")+")", many...)
		require.NoError(t, err)
		long := "SELECT CAST($1 AS integer) /* " + strings.Repeat("x", 9000) + " */"
		_, err = queryInt(t.Context(), conn, long, 1)
		require.NoError(t, err)
		requireKept(t, conn, d, 0)
	})
	onConn(t, []db.Option{db.KeepStatements(0)}, func(t *testing.T, conn *sql.Conn, d *db.DB) {
		_, err := queryInt(t.Context(), conn, "SELECT CAST($1 AS integer)", 1)
		require.NoError(t, err)
		requireKept(t, conn, d, 0)
	})
}

// requireKept checks the size of the connection's cache, and that the server has no other statements.
func requireKept(t *testing.T, conn *sql.Conn, d *db.DB, want int) {
	t.Helper()
	kept, err := db.KeptStatements(conn)
	require.NoError(t, err)
	require.Equal(t, want, kept)
	if d.Dialect() == "postgres" {
		kept, err := queryInt(t.Context(), conn, "SELECT count(*) FROM pg_prepared_statements")
		require.NoError(t, err)
		require.Equal(t, want, kept, "on the server")
	}
}

func TestQueryWhileRowsAreOpen(t *testing.T) {
	const query = "SELECT id FROM a WHERE id >= $1 ORDER BY id"
	onConn(t, nil, func(t *testing.T, conn *sql.Conn, d *db.DB) {
		_, err := conn.ExecContext(t.Context(), "CREATE TABLE a (id integer); INSERT INTO a VALUES (1), (2), (3)")
		require.NoError(t, err)
		rows, err := conn.QueryContext(t.Context(), query, 1)
		require.NoError(t, err)
		require.True(t, rows.Next())

		_, execErr := conn.ExecContext(t.Context(), "INSERT INTO a VALUES (0)")
		first, err := queryInt(t.Context(), conn, query, 2)
		if d.Dialect() == "postgres" {
			require.ErrorIs(t, err, db.ErrBusy)
			require.ErrorIs(t, execErr, db.ErrBusy)
		} else {
			require.NoError(t, execErr)
			require.NoError(t, err)
			require.Equal(t, 2, first)
		}

		var ids []int
		for more := true; more; more = rows.Next() { // the outer rows continue
			var id int
			require.NoError(t, rows.Scan(&id))
			ids = append(ids, id)
		}
		require.NoError(t, rows.Err())
		require.Equal(t, []int{1, 2, 3}, ids)
		require.NoError(t, rows.Close()) //nolint:sqlclosecheck // before the next query
		first, err = queryInt(t.Context(), conn, query, 3)
		require.NoError(t, err)
		require.Equal(t, 3, first)
		requireKept(t, conn, d, 1)
	})
}

func TestStatementSurvivesItsErrors(t *testing.T) {
	onConn(t, nil, func(t *testing.T, conn *sql.Conn, _ *db.DB) {
		ctx := t.Context()
		const insert = "INSERT INTO a VALUES ($1)"
		_, err := conn.ExecContext(ctx, "CREATE TABLE a (id integer PRIMARY KEY)")
		require.NoError(t, err)
		for range 3 {
			tx, err := conn.BeginTx(ctx, nil)
			require.NoError(t, err)
			_, err = tx.ExecContext(ctx, insert, 1)
			require.NoError(t, err)
			_, err = tx.ExecContext(ctx, insert, 1)
			require.Error(t, err)
			require.NoError(t, tx.Rollback())
		}
		_, err = conn.ExecContext(ctx, "INSERT INTO a VALUES ($1), ($2)", 1)
		require.Error(t, err, "too few arguments")
		_, err = conn.ExecContext(ctx, "INSERT INTO missing VALUES ($1)", 1)
		require.Error(t, err)
		_, err = conn.ExecContext(ctx, insert, 1)
		require.NoError(t, err)
		n, err := queryInt(ctx, conn, "SELECT count(*) FROM a WHERE id = $1", 1)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func TestStatementsAfterAChangeOfTheSchema(t *testing.T) {
	const query = "SELECT * FROM a WHERE id = $1" //nolint:unqueryvet // its columns change
	columns := func(t *testing.T, rows *sql.Rows, err error) []string {
		t.Helper()
		require.NoError(t, err)
		defer rows.Close()
		columns, err := rows.Columns()
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.NoError(t, rows.Err())
		return columns
	}
	onConn(t, nil, func(t *testing.T, conn *sql.Conn, d *db.DB) {
		ctx := t.Context()
		_, err := conn.ExecContext(ctx, "CREATE TABLE a (id integer); INSERT INTO a VALUES (1)")
		require.NoError(t, err)
		rows, err := conn.QueryContext(ctx, query, 1) //nolint:rowserrcheck // columns checks it
		require.Equal(t, []string{"id"}, columns(t, rows, err))
		_, err = conn.ExecContext(ctx, "ALTER TABLE a ADD COLUMN b integer")
		require.NoError(t, err)
		rows, err = conn.QueryContext(ctx, query, 1) //nolint:rowserrcheck // columns checks it
		require.Equal(t, []string{"id", "b"}, columns(t, rows, err))

		rows, err = conn.QueryContext(ctx, query, 1) //nolint:rowserrcheck // columns checks it
		require.Equal(t, []string{"id", "b"}, columns(t, rows, err))
		_, err = conn.ExecContext(ctx, "ALTER TABLE a ADD COLUMN c integer")
		require.NoError(t, err)
		require.NoError(t, conn.Close()) // returns it to the pool, for the transaction
		require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
			rows, err := tx.QueryContext(ctx, query, 1) //nolint:rowserrcheck // columns checks it
			if err != nil {
				return err
			}
			require.Equal(t, []string{"id", "b", "c"}, columns(t, rows, nil))
			return nil
		}), "a transaction is tried again")
	})
}

func TestStatementsThatAPoolerDropped(t *testing.T) {
	d := dbtest.New(t, "postgres")
	conn, err := d.SQL().Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for range 3 {
		n, err := queryInt(t.Context(), conn, "SELECT CAST($1 AS integer)", 7)
		require.NoError(t, err)
		require.Equal(t, 7, n)
		_, err = conn.ExecContext(t.Context(), "DEALLOCATE ALL")
		require.NoError(t, err)
	}
}

func TestStatementThatIsCancelled(t *testing.T) {
	slow := map[string]string{
		"postgres": "SELECT count(*), pg_sleep($1) FROM generate_series(1, 10)",
		"sqlite3": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 * 100000000) " +
			"SELECT count(*) FROM n",
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err := queryInt(ctx, d.SQL(), slow[d.Dialect()], 30)
			cancel()
			require.Error(t, err)
			n, err := queryInt(t.Context(), d.SQL(), "SELECT CAST($1 AS integer)", 7)
			require.NoError(t, err)
			require.Equal(t, 7, n)
		}
	})
}

func TestStatementsOfManyCallers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		id := dbtest.CreateProduct(t, d, "A", "")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					p, err := d.Reader().Product.Get(context.Background(), id)
					if err != nil || p.Sku != "A" {
						t.Errorf("got %v, %v", p, err)
						return
					}
				}
			})
		}
		for range 20 {
			require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				return tx.Product.UpdateOneID(id).AddVersion(1).Exec(ctx)
			}))
		}
		wg.Wait()
		require.EqualValues(t, 21, d.Reader().Product.GetX(t.Context(), id).Version)
	})
}

func TestColumnTypesAndNamedArguments(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.CreateProduct(t, d, "A", "")
		rows, err := d.ReadSQL().QueryContext(t.Context(), "SELECT sku, price_minor FROM products WHERE sku = $1", "A")
		require.NoError(t, err)
		defer rows.Close()
		types, err := rows.ColumnTypes()
		require.NoError(t, err)
		require.Contains(t, []string{"TEXT", "VARCHAR"}, types[0].DatabaseTypeName())
		require.False(t, rows.NextResultSet())
		require.NoError(t, rows.Err())
		if d.Dialect() == "sqlite3" {
			n, err := queryInt(t.Context(), d.ReadSQL(), "SELECT @a - @b", sql.Named("b", 2), sql.Named("a", 5))
			require.NoError(t, err)
			require.Equal(t, 3, n)
		}
	})
}

// An unclosed statement keeps SQLite's connection open, and the write-ahead log with it.
func TestCloseLeavesNothingBehind(t *testing.T) {
	url := dbtest.URL(t, "sqlite")
	d := dbtest.Open(t, url)
	require.NoError(t, d.Migrate(t.Context()))
	dbtest.CreateProduct(t, d, "A", "")
	require.Len(t, skus(t, d), 1)
	require.NoError(t, d.Close())
	_, err := os.Stat(strings.TrimPrefix(url, "sqlite:") + "-wal")
	require.ErrorIs(t, err, os.ErrNotExist)
}
