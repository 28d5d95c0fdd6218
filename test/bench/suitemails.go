package main

import (
	"context"
	"fmt"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
)

// ledgerPoll is how often a database is looked at for what is waited for.
const ledgerPoll = 10 * time.Millisecond

// measureMails measures how fast the mails about one change go out.
func measureMails(ctx context.Context, b *bench) error {
	var set []measurement
	for _, d := range databases() {
		m, err := d.mails(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		set = append(set, m)
	}
	samples, err := b.inTurn(ctx, 1, set)
	if err != nil {
		return err
	}
	b.report.paragraphf("One change, and %s administrators who get a mail about it, into the local mailbox: each is a file "+
		"that is flushed to disk. From the change until the ledger says of the last mail that it is sent.",
		number(float64(b.mails)))
	var rows [][]string
	for i, m := range set {
		s := median(samples[i])
		row := []string{m.name, number(s.perSecond * float64(b.mails)), micros(s.cpu[0] / time.Duration(b.mails)), ""}
		if len(s.cpu) > 1 {
			row[3] = micros(s.cpu[1] / time.Duration(b.mails))
		}
		rows = append(rows, row)
	}
	b.report.table(1, []string{"", "mails/s", "CPU µs a mail", "database µs"}, rows)
	return nil
}

// mails starts a catalog with many administrators. Its call changes a product and waits for the mails.
func (d database) mails(ctx context.Context, b *bench) (measurement, error) {
	at, err := d.create(ctx, b, "mails")
	if err != nil {
		return measurement{}, err
	}
	ledger, err := prepare(ctx, at)
	if err != nil {
		return measurement{}, err
	}
	b.onClose(ledger.Close)
	if err := addAdmins(ctx, ledger, b.mails); err != nil {
		return measurement{}, err
	}
	s, err := d.subject(ctx, b, at, "--notify-window=1ms")
	if err != nil {
		return measurement{}, err
	}
	created, err := s.products.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: newGenerator(1).product(0).product})
	if err != nil {
		return measurement{}, fmt.Errorf("create a product: %w", err)
	}
	change, sent := update(s.products, []string{created.GetProduct().GetId()}, newPrice), b.mails
	if err := awaitMails(ctx, ledger, sent); err != nil {
		return measurement{}, err
	}
	return measurement{d.name, s.meters, func(ctx context.Context, caller int) error {
		if err := change(ctx, caller); err != nil {
			return err
		}
		sent += b.mails
		return awaitMails(ctx, ledger, sent)
	}}, nil
}

// addAdmins adds administrators who hear of changes.
func addAdmins(ctx context.Context, d *db.DB, n int) error {
	err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.Admin.MapCreateBulk(make([]struct{}, n), func(create *ent.AdminCreate, i int) {
			create.SetEmail(fmt.Sprintf("%d@example.com", i)).SetName(fmt.Sprint(i)).SetPasswordHash("nobody knows it")
		}).Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("make administrators: %w", err)
	}
	return nil
}

// awaitMails waits until the ledger has that many mails as sent.
func awaitMails(ctx context.Context, ledger *db.DB, want int) error {
	return await(ctx, func() (bool, error) {
		sent, err := ledger.Reader().Delivery.Query().Where(delivery.StateEQ(delivery.StateSent)).Count(ctx)
		if err != nil {
			return false, fmt.Errorf("count mails: %w", err)
		}
		return sent >= want, nil
	})
}

// await looks again and again until something is so.
func await(ctx context.Context, isSo func() (bool, error)) error {
	tick := time.NewTicker(ledgerPoll)
	defer tick.Stop()
	for {
		if done, err := isSo(); err != nil || done {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
