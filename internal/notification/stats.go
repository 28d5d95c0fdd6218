package notification

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/db"
)

// Stats is what the ledger of deliveries looks like at one moment.
type Stats struct {
	// OldestPending is how long the delivery that is due longest has not been handed over; 0 if none waits.
	OldestPending time.Duration
	// Deliveries counts those that wait, and those that did not arrive: pending, failed, bounced and
	// complained. Of the others there are ever more.
	Deliveries map[delivery.State]int64
	// Paused is how much longer no mail is sent, because the mail server asked for it; 0 if mail is sent.
	Paused time.Duration
}

// ReadStats returns what the ledger looks like, by three queries that only read from indexes.
func ReadStats(ctx context.Context, d *db.DB) (Stats, error) {
	age := "extract(epoch FROM now() - min(schedule_time))"
	if d.Dialect() == dialect.SQLite {
		age = "(julianday('now') - julianday(min(schedule_time))) * 86400"
	}
	var seconds float64
	oldest := "SELECT coalesce(" + age + ", 0) FROM deliveries WHERE state = 'pending'"
	if err := d.ReadSQL().QueryRowContext(ctx, oldest).Scan(&seconds); err != nil {
		return Stats{}, fmt.Errorf("age of the oldest delivery: %w", err)
	}
	until, err := pausedUntil(ctx, d)
	if err != nil {
		return Stats{}, err
	}
	counts, err := countDeliveries(ctx, d)
	return Stats{
		OldestPending: max(0, time.Duration(seconds*float64(time.Second))),
		Deliveries:    counts,
		Paused:        max(0, time.Until(until)),
	}, err
}

func countDeliveries(ctx context.Context, d *db.DB) (map[delivery.State]int64, error) {
	counts := map[delivery.State]int64{
		delivery.StatePending: 0, delivery.StateFailed: 0, delivery.StateBounced: 0, delivery.StateComplained: 0,
	}
	rows, err := d.ReadSQL().QueryContext(ctx, "SELECT state, count(*) FROM deliveries"+
		" WHERE state IN ('pending', 'failed', 'bounced', 'complained') GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state delivery.State
		var count int64
		if err := rows.Scan(&state, &count); err != nil {
			return nil, fmt.Errorf("count deliveries: %w", err)
		}
		counts[state] = count
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return counts, nil
}
