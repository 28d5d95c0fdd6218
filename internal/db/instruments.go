package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"
)

// maxQueryText is the maximum length of a statement in a span, in bytes.
const maxQueryText = 2 << 10

// other replaces unknown operations and errors.
const other = "_OTHER"

// Instrument adds metrics of statements and connections, and a span for each statement in a sampled trace. Spans have
// the text of statements, never their arguments or the text of errors, which may repeat arguments.
func Instrument(tracer trace.Tracer, meter metric.Meter) Option {
	return func(o *options) { o.tracer, o.meter = tracer, meter }
}

// instruments measure statements at the driver: below database/sql, which excludes waiting for a connection, and above
// the statement cache, which includes preparing.
type instruments struct {
	tracer   trace.Tracer
	system   attribute.KeyValue
	duration metric.Float64Histogram
	// measured are the attributes of successful statements, by operation.
	measured map[string][]metric.RecordOption
}

// newInstruments returns instruments; nil without a tracer and a meter.
func newInstruments(o options, dialectName string) (*instruments, error) {
	if o.tracer == nil {
		return nil, nil //nolint:nilnil // as documented
	}
	system := semconv.DBSystemNamePostgreSQL
	if dialectName == dialect.SQLite {
		system = semconv.DBSystemNameSQLite
	}
	duration, err := o.meter.Float64Histogram(dbconv.ClientOperationDuration{}.Name(), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(
			0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
		metric.WithDescription("How long statements took until their rows were read, by operation and error code."))
	i := &instruments{
		tracer: o.tracer, system: system, duration: duration, measured: map[string][]metric.RecordOption{},
	}
	for _, operation := range []string{
		"SELECT", "INSERT", "UPDATE", "DELETE", "WITH",
		"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", other,
	} {
		i.measured[operation] = []metric.RecordOption{
			metric.WithAttributeSet(attribute.NewSet(system, semconv.DBOperationName(operation))),
		}
	}
	return i, err
}

// transaction runs fn in a span, which shows the wait for a connection, if the trace is sampled.
func (i *instruments) transaction(ctx context.Context, fn func(context.Context) error) error {
	if i == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return fn(ctx)
	}
	ctx, span := i.tracer.Start(ctx, "transaction")
	defer span.End()
	err := fn(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return err
}

// statementRun is one run of a statement. The zero value measures nothing.
type statementRun struct {
	instruments *instruments
	ctx         context.Context //nolint:containedctx // its rows are read after the call that it belongs to
	operation   string
	start       time.Time
	span        trace.Span // nil if the trace is not sampled
}

// begin records the start of a statement. Call end at its end.
func (i *instruments) begin(ctx context.Context, query string) statementRun {
	if i == nil {
		return statementRun{}
	}
	traced := trace.SpanFromContext(ctx).IsRecording()
	if !traced && !i.duration.Enabled(ctx) {
		return statementRun{}
	}
	r := statementRun{instruments: i, ctx: ctx, operation: operationOf(query), start: time.Now()}
	if _, ok := i.measured[r.operation]; !ok {
		r.operation = other
	}
	if traced {
		summary := summarize(r.operation, query)
		_, r.span = i.tracer.Start(ctx, summary, //nolint:spancheck // end ends it
			trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
				i.system, semconv.DBOperationName(r.operation), semconv.DBQuerySummary(summary),
				semconv.DBQueryText(strings.ToValidUTF8(query[:min(len(query), maxQueryText)], ""))))
	}
	return r
}

// end records the outcome of a statement.
func (r *statementRun) end(err error) {
	if r.instruments == nil {
		return
	}
	took := time.Since(r.start).Seconds()
	measured := r.instruments.measured[r.operation]
	var failure []attribute.KeyValue
	if err != nil {
		failure = describe(err)
		measured = append(measured[:1:1], metric.WithAttributes(failure...))
	}
	r.instruments.duration.Record(r.ctx, took, measured...)
	if r.span == nil {
		return
	}
	if err != nil {
		r.span.SetAttributes(failure...)
		r.span.SetStatus(codes.Error, "")
	}
	r.span.End()
}

// describe returns the attributes of an error: its code, not its text.
func describe(err error) []attribute.KeyValue {
	var code string
	if onPostgres, ok := errors.AsType[*pq.Error](err); ok {
		code = string(onPostgres.Code)
	} else if onSQLite, ok := errors.AsType[*sqlite.Error](err); ok {
		code = strconv.Itoa(onSQLite.Code())
	}
	switch {
	case code != "":
		return []attribute.KeyValue{semconv.ErrorTypeKey.String(code), semconv.DBResponseStatusCode(code)}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return []attribute.KeyValue{semconv.ErrorTypeKey.String("canceled")}
	case errors.Is(err, driver.ErrBadConn):
		return []attribute.KeyValue{semconv.ErrorTypeKey.String("bad_connection")}
	}
	return []attribute.KeyValue{semconv.ErrorTypeKey.String(other)}
}

// operationOf returns the first word of a statement, in upper case, after the comments at the start of the queue's
// statements.
func operationOf(query string) string {
	for {
		query = strings.TrimLeft(query, " \t\r\n")
		if !strings.HasPrefix(query, "--") {
			break
		}
		_, query, _ = strings.Cut(query, "\n")
	}
	end := 0
	for end < len(query) && (query[end]|0x20 >= 'a' && query[end]|0x20 <= 'z') {
		end++
	}
	return strings.ToUpper(query[:end])
}

// table finds the first table of a statement.
var table = regexp.MustCompile("(?i)\\b(?:FROM|INTO|UPDATE)\\s+[\"`]?([a-z_]+)")

// summarize returns the operation and the first table of a statement.
func summarize(operation, query string) string {
	if found := table.FindStringSubmatch(query[:min(len(query), maxQueryText)]); found != nil {
		return operation + " " + found[1]
	}
	return operation
}
