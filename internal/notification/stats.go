package notification

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/internal/db"
)

// Stats is a snapshot of the deliveries.
type Stats struct {
	// OldestPending is the age of the pending delivery that has been due longest; 0 if there is none.
	OldestPending time.Duration
	// Deliveries counts deliveries by state: pending, failed, bounced and complained. It omits the others, whose
	// number only grows.
	Deliveries map[delivery.State]int64
	// Paused is the remaining time of the pause that the mail server's rate limit caused; 0 if there is none.
	Paused time.Duration
}

// ReadStats returns a snapshot, by three index-only queries.
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
		Paused:        max(0, d.Clock().Until(until)),
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
