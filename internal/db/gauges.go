package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
)

// observe registers the gauges of the pools and of the link.
func (d *DB) observe(meter metric.Meter) error {
	pools := map[string]*sql.DB{"write": d.write, "read": d.read}
	if d.write == d.read {
		pools = map[string]*sql.DB{"all": d.write}
	}
	if err := errors.Join(observePools(meter, pools), d.link.observe(meter)); err != nil {
		return fmt.Errorf("measure the database: %w", err)
	}
	return nil
}

func observePools(meter metric.Meter, pools map[string]*sql.DB) error {
	count, countErr := meter.Int64ObservableUpDownCounter(dbconv.ClientConnectionCount{}.Name(),
		metric.WithUnit("{connection}"),
		metric.WithDescription("Connections to the database, by pool and state (idle or used)."))
	most, mostErr := meter.Int64ObservableUpDownCounter(dbconv.ClientConnectionMax{}.Name(),
		metric.WithUnit("{connection}"),
		metric.WithDescription("Most connections that a pool may have."))
	waits, waitsErr := meter.Int64ObservableCounter("catalog.db.connection.waits", metric.WithUnit("{wait}"),
		metric.WithDescription("How often something had to wait for a connection of the pool."))
	waited, waitedErr := meter.Float64ObservableCounter("catalog.db.connection.wait_time", metric.WithUnit("s"),
		metric.WithDescription("How long everything together has waited for a connection of the pool."))
	if err := errors.Join(countErr, mostErr, waitsErr, waitedErr); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for name, pool := range pools {
			stats, named := pool.Stats(), semconv.DBClientConnectionPoolName(name)
			o.ObserveInt64(count, int64(stats.Idle),
				metric.WithAttributes(named, semconv.DBClientConnectionStateIdle))
			o.ObserveInt64(count, int64(stats.InUse),
				metric.WithAttributes(named, semconv.DBClientConnectionStateUsed))
			o.ObserveInt64(most, int64(stats.MaxOpenConnections), metric.WithAttributes(named))
			o.ObserveInt64(waits, stats.WaitCount, metric.WithAttributes(named))
			o.ObserveFloat64(waited, stats.WaitDuration.Seconds(), metric.WithAttributes(named))
		}
		return nil
	}, count, most, waits, waited)
	return err
}

// observe registers the gauges of the link, which have no value before Watch. It does nothing on SQLite.
func (l *link) observe(meter metric.Meter) error {
	if l == nil {
		return nil
	}
	up, upErr := meter.Int64ObservableGauge("catalog.db.link.up",
		metric.WithDescription("1 while PostgreSQL answers the heartbeat, 0 while it counts as away."))
	age, ageErr := meter.Float64ObservableGauge("catalog.db.link.heartbeat.age", metric.WithUnit("s"),
		metric.WithDescription("How long ago the last heartbeat that PostgreSQL answered was sent."))
	if err := errors.Join(upErr, ageErr); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		answered := l.answered.Load()
		if answered == 0 {
			return nil
		}
		answers := int64(1)
		if l.away.Load() {
			answers = 0
		}
		o.ObserveInt64(up, answers)
		o.ObserveFloat64(age, (time.Since(l.start) - time.Duration(answered)).Seconds())
		return nil
	}, up, age)
	return err
}
