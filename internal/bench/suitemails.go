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

// mailPoll is how often the ledger of mails is looked at.
const mailPoll = 10 * time.Millisecond

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
	err = ledger.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.Admin.MapCreateBulk(make([]struct{}, b.mails), func(create *ent.AdminCreate, i int) {
			create.SetEmail(fmt.Sprintf("%d@example.com", i)).SetName(fmt.Sprint(i)).SetPasswordHash("nobody knows it")
		}).Exec(ctx)
	})
	if err != nil {
		return measurement{}, fmt.Errorf("make administrators: %w", err)
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

// awaitMails waits until the ledger has that many mails as sent.
func awaitMails(ctx context.Context, ledger *db.DB, want int) error {
	tick := time.NewTicker(mailPoll)
	defer tick.Stop()
	for {
		sent, err := ledger.Reader().Delivery.Query().Where(delivery.StateEQ(delivery.StateSent)).Count(ctx)
		if err != nil {
			return fmt.Errorf("count mails: %w", err)
		}
		if sent >= want {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
