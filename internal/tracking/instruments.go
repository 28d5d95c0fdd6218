package tracking

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The attributes.
const (
	kindKey = attribute.Key("catalog.tracking.kind")
	botKey  = attribute.Key("catalog.tracking.bot")
)

// Observe registers the metrics of tracking. They are asynchronous instruments over existing counters, so reads
// pay nothing extra.
func Observe(meter metric.Meter, interceptor *Interceptor, rollup *Rollup) error {
	counted, countedErr := meter.Int64ObservableCounter("catalog.tracking.reads", metric.WithUnit("{product}"),
		metric.WithDescription("Products in answers that were counted, by kind (view or impression) and bot."))
	lost, lostErr := meter.Int64ObservableCounter("catalog.tracking.reads_lost", metric.WithUnit("{product}"),
		metric.WithDescription("Products in answers that could not be counted: the journal could not be written."))
	size, sizeErr := meter.Int64ObservableGauge("catalog.tracking.journal.size", metric.WithUnit("By"),
		metric.WithDescription("Size of the journal: what is counted and not in the database yet."))
	age, ageErr := meter.Float64ObservableGauge("catalog.tracking.rollup.age", metric.WithUnit("s"),
		metric.WithDescription("How long ago all that the journal had was added to the database."))
	if err := errors.Join(countedErr, lostErr, sizeErr, ageErr); err != nil {
		return fmt.Errorf("measure tracking: %w", err)
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for kind, name := range map[Kind]string{View: "view", Impression: "impression"} {
			for _, bot := range []bool{false, true} {
				o.ObserveInt64(counted, interceptor.counted[kind][index(bot)].Load(),
					metric.WithAttributes(kindKey.String(name), botKey.Bool(bot)))
			}
		}
		o.ObserveInt64(lost, interceptor.uncounted.Load())
		o.ObserveFloat64(age, time.Since(time.Unix(0, rollup.done.Load())).Seconds())
		bytes, err := rollup.journal.bytes()
		if errors.Is(err, fs.ErrClosed) { // shutdown
			return nil
		}
		if err == nil {
			o.ObserveInt64(size, bytes)
		}
		return err
	}, counted, lost, size, age)
	if err != nil {
		return fmt.Errorf("measure tracking: %w", err)
	}
	return nil
}
