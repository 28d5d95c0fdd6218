package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zebrands/catalog/internal/notification"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/queue"
)

const (
	// gaugeMaxAge is how long figures from the database are cached: however many scrapers there are, the
	// database is queried once in that time.
	gaugeMaxAge = 10 * time.Second
	// gaugeTimeout bounds that query.
	gaugeTimeout = 5 * time.Second
)

// backlog caches the figures of pending work in the database.
type backlog struct {
	parts *parts

	mu         sync.Mutex
	read       time.Time
	queue      queue.Stats
	deliveries notification.Stats
	err        error
}

// observeBacklog registers metrics of pending work in the database. Only processes with workers report it, because
// all would report the same.
func observeBacklog(p *parts) (metric.Registration, error) {
	meter := p.telemetry.Meter()
	jobs, jobsErr := meter.Int64ObservableGauge("catalog.queue.jobs", metric.WithUnit("{job}"), metric.WithDescription(
		"Jobs that are not done, by kind and state; scheduled are those for later, discarded those that were given up."))
	due, dueErr := meter.Float64ObservableGauge("catalog.queue.oldest_due.age", metric.WithUnit("s"),
		metric.WithDescription("How long the job has waited to start that is due longest, by lane; 0 if none waits."))
	deliveries, deliveriesErr := meter.Int64ObservableGauge("catalog.deliveries", metric.WithUnit("{delivery}"),
		metric.WithDescription("Mails that wait (pending) or did not arrive (failed, bounced, complained), by state."))
	pending, pendingErr := meter.Float64ObservableGauge("catalog.deliveries.oldest_pending.age", metric.WithUnit("s"),
		metric.WithDescription("How long the mail has waited that is due longest; 0 if none waits."))
	pause, pauseErr := meter.Float64ObservableGauge("catalog.mail.pause", metric.WithUnit("s"), metric.WithDescription(
		"How much longer no mail is sent, because the mail server asked for it; 0 if mail is sent."))
	if err := errors.Join(jobsErr, dueErr, deliveriesErr, pendingErr, pauseErr); err != nil {
		return nil, fmt.Errorf("measure the backlog: %w", err)
	}
	b := &backlog{parts: p}
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ofQueue, ofDeliveries, err := b.get(ctx)
		if err != nil {
			return err
		}
		for _, c := range ofQueue.Jobs {
			o.ObserveInt64(jobs, c.Count, metric.WithAttributes(
				attribute.String("catalog.job.kind", c.Kind), attribute.String("catalog.job.state", string(c.State))))
		}
		for lane, age := range ofQueue.OldestDue {
			o.ObserveFloat64(due, age.Seconds(), metric.WithAttributes(attribute.String("catalog.job.lane", lane)))
		}
		for state, count := range ofDeliveries.Deliveries {
			o.ObserveInt64(deliveries, count, metric.WithAttributes(
				attribute.String("catalog.delivery.state", string(state))))
		}
		o.ObserveFloat64(pending, ofDeliveries.OldestPending.Seconds())
		o.ObserveFloat64(pause, ofDeliveries.Paused.Seconds())
		return nil
	}, jobs, due, deliveries, pending, pause)
	if err != nil {
		return nil, fmt.Errorf("measure the backlog: %w", err)
	}
	return registration, nil
}

// get returns the figures, refreshed if they are too old.
func (b *backlog) get(ctx context.Context) (queue.Stats, notification.Stats, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.read) >= gaugeMaxAge {
		ctx, cancel := context.WithTimeout(ctx, gaugeTimeout)
		defer cancel()
		var queueErr, deliveriesErr error
		b.queue, queueErr = b.parts.queue.Stats(ctx)
		b.deliveries, deliveriesErr = notification.ReadStats(ctx, b.parts.db)
		b.read, b.err = time.Now(), errors.Join(queueErr, deliveriesErr)
	}
	return b.queue, b.deliveries, b.err
}

// observeCache registers metrics of the product cache.
func observeCache(meter metric.Meter, products *product.Service) error {
	reads, readsErr := meter.Int64ObservableCounter("catalog.cache.reads", metric.WithUnit("{read}"),
		metric.WithDescription("Reads of products and lists, by outcome: hit (answered from memory), miss, or bypassed "+
			"because there is no cache or it might be outdated."))
	changes, changesErr := meter.Int64ObservableCounter("catalog.cache.changes", metric.WithUnit("{change}"),
		metric.WithDescription("Changes that the cache heard of, each of which made it forget something."))
	entries, entriesErr := meter.Int64ObservableGauge("catalog.cache.entries", metric.WithUnit("{entry}"),
		metric.WithDescription("Products and lists in the cache."))
	size, sizeErr := meter.Int64ObservableGauge("catalog.cache.size", metric.WithUnit("By"),
		metric.WithDescription("Memory that the cache takes, roughly."))
	if err := errors.Join(readsErr, changesErr, entriesErr, sizeErr); err != nil {
		return fmt.Errorf("measure the cache: %w", err)
	}
	outcome := attribute.Key("catalog.cache.outcome")
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := products.CacheStats()
		o.ObserveInt64(reads, stats.Hits, metric.WithAttributes(outcome.String("hit")))
		o.ObserveInt64(reads, stats.Misses, metric.WithAttributes(outcome.String("miss")))
		o.ObserveInt64(reads, stats.Bypassed, metric.WithAttributes(outcome.String("bypassed")))
		o.ObserveInt64(changes, stats.Forgotten)
		o.ObserveInt64(entries, stats.Entries)
		o.ObserveInt64(size, stats.Bytes)
		return nil
	}, reads, changes, entries, size)
	if err != nil {
		return fmt.Errorf("measure the cache: %w", err)
	}
	return nil
}
