package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/db"
)

// spaceCatalog is how many products there are; spaceAdmins is how many administrators hear of changes.
const spaceCatalog, spaceAdmins = 10_000, 10

// growing is something that use makes: a row of the first table, with its share of the others.
type growing struct {
	name   string
	tables []string
}

// measureSpace measures how many bytes use adds to the databases.
func measureSpace(ctx context.Context, b *bench) error {
	things := []growing{
		{"a change of a price, in the history", []string{"product_changes"}},
		{"a mail, in the ledger", []string{"deliveries", "notification_batches"}},
		{"a product's reads in an hour", []string{"product_views"}},
	}
	rows := make([][]string, len(things))
	for i, thing := range things {
		rows[i] = []string{thing.name}
	}
	header := []string{""}
	for _, d := range databases() {
		ledger, err := d.use(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		header = append(header, d.name+", rows", "bytes each")
		for i, thing := range things {
			count, bytes, err := sizeOf(ctx, ledger, thing.tables)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			rows[i] = append(rows[i], number(float64(count)), number(float64(bytes)/float64(count)))
		}
	}
	b.report.paragraphf("One administrator changes %s prices, of which %d others hear, and %s products are read. "+
		"Bytes in the database, with indexes:", number(float64(b.changes)), spaceAdmins, number(sampleSize))
	b.report.table(1, header, rows)
	return nil
}

// use starts a catalog and uses it, and returns its database when all is written.
func (d database) use(ctx context.Context, b *bench) (*db.DB, error) {
	at, err := d.create(ctx, b, "space")
	if err != nil {
		return nil, err
	}
	filled, err := fill(ctx, at, spaceCatalog)
	if err != nil {
		return nil, err
	}
	ledger, err := db.Open(ctx, at, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	b.onClose(ledger.Close)
	if err := addAdmins(ctx, ledger, spaceAdmins); err != nil {
		return nil, err
	}
	s, err := d.subject(ctx, b, at, "--notify-window=50ms")
	if err != nil {
		return nil, err
	}
	change := update(s.products, filled.ids, newPrice)
	for range b.changes {
		if err := change(ctx, 0); err != nil {
			return nil, err
		}
	}
	read := get(s.server.url, filled.ids)
	for range filled.ids {
		if err := read(ctx, 0); err != nil {
			return nil, err
		}
	}
	return ledger, await(ctx, func() (bool, error) {
		batches, err := ledger.Reader().NotificationBatch.Query().All(ctx)
		if err != nil {
			return false, fmt.Errorf("read batches: %w", err)
		}
		told := 0
		for _, batch := range batches {
			told += batch.ChangeCount
		}
		waiting, err := ledger.Reader().Delivery.Query().Where(delivery.StateNEQ(delivery.StateSent)).Count(ctx)
		if err != nil {
			return false, fmt.Errorf("count mails: %w", err)
		}
		viewed, err := ledger.Reader().ProductView.Query().Count(ctx)
		if err != nil {
			return false, fmt.Errorf("count views: %w", err)
		}
		return told >= b.changes && waiting == 0 && viewed >= len(filled.ids), nil
	})
}

// sizeOf returns how many rows the first of tables has, and how many bytes all of them take.
func sizeOf(ctx context.Context, d *db.DB, tables []string) (rows, bytes int64, err error) {
	names := "'" + strings.Join(tables, "', '") + "'"
	size := "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name IN (" + names + "))"
	if d.Dialect() == dialect.Postgres {
		size = "SELECT sum(pg_total_relation_size(name)) FROM unnest(ARRAY[" + names + "]) AS name"
	}
	if err := d.SQL().QueryRowContext(ctx, size).Scan(&bytes); err != nil {
		return 0, 0, fmt.Errorf("size of %s: %w", names, err)
	}
	if err := d.SQL().QueryRowContext(ctx, "SELECT count(*) FROM "+tables[0]).Scan(&rows); err != nil {
		return 0, 0, fmt.Errorf("rows of %s: %w", names, err)
	}
	return rows, bytes, nil
}
