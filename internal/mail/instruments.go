package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// The attributes.
const (
	mailerKey     = attribute.Key("catalog.mail.mailer")
	outcomeKey    = attribute.Key("catalog.mail.outcome")
	tagKey        = attribute.Key("catalog.mail.tag")
	messageKey    = attribute.Key("catalog.mail.message_id")
	recipientsKey = attribute.Key("catalog.mail.recipients")
)

// outcomes maps error kinds to values of the attribute outcome.
var outcomes = map[Kind]string{
	Unknown: "unknown", Temporary: "temporary", Permanent: "permanent", Limited: "limited",
}

// instrumented is a Mailer with metrics and traces.
type instrumented struct {
	Mailer

	name       attribute.KeyValue
	tracer     trace.Tracer
	duration   metric.Float64Histogram
	recipients metric.Int64Counter
}

// Instrument returns the mailer with metrics, and with a span for each call of Send and Accepted. Neither
// names a recipient.
func Instrument(m Mailer, tracer trace.Tracer, meter metric.Meter) (Mailer, error) {
	duration, durationErr := meter.Float64Histogram("catalog.mail.send.duration", metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
		metric.WithDescription("How long it took to hand messages over, by mailer and outcome "+
			"(sent, temporary, permanent, unknown, limited)."))
	recipients, recipientsErr := meter.Int64Counter("catalog.mail.recipients", metric.WithUnit("{recipient}"),
		metric.WithDescription("To how many people messages were handed over, or not, by mailer and outcome."))
	if err := errors.Join(durationErr, recipientsErr); err != nil {
		return nil, fmt.Errorf("measure mails: %w", err)
	}
	return &instrumented{
		Mailer: m, name: mailerKey.String(nameOf(m)), tracer: tracer, duration: duration, recipients: recipients,
	}, nil
}

func nameOf(m Mailer) string {
	switch m.(type) {
	case *Mailgun:
		return "mailgun"
	case *SMTP:
		return "smtp"
	default:
		return "mailbox"
	}
}

// Send sends the message.
func (m *instrumented) Send(ctx context.Context, message Message) (string, error) {
	ctx, span := m.tracer.Start(ctx, "send mail", trace.WithAttributes(m.name, tagKey.String(message.Tag),
		messageKey.String(message.ID), recipientsKey.Int(len(message.To))))
	defer span.End()
	start := time.Now()
	id, err := m.Mailer.Send(ctx, message)
	outcome := "sent"
	if err != nil {
		outcome = outcomes[AsError(err).Kind]
		span.SetStatus(codes.Error, "")
	}
	span.SetAttributes(outcomeKey.String(outcome))
	attributes := metric.WithAttributes(m.name, outcomeKey.String(outcome))
	m.duration.Record(ctx, time.Since(start).Seconds(), attributes)
	m.recipients.Add(ctx, int64(len(message.To)), attributes)
	return id, err
}

// Accepted looks up a message.
func (m *instrumented) Accepted(ctx context.Context, id string, since time.Time) (map[string]bool, error) {
	ctx, span := m.tracer.Start(ctx, "ask for mail", trace.WithAttributes(m.name, messageKey.String(id)))
	defer span.End()
	accepted, err := m.Mailer.Accepted(ctx, id, since)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return accepted, err
}
