package mail_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/zebrands/catalog/internal/mail"
)

func TestMailsAreMeasuredAndTraced(t *testing.T) {
	spans, reader := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	s := &fakeMailgun{}
	m, err := mail.Instrument(s.start(t), tracer, meter)
	require.NoError(t, err)
	sent := letter("luis@example.com", "emma@example.com")
	_, err = m.Send(t.Context(), sent)
	require.NoError(t, err)
	_, err = m.Accepted(t.Context(), sent.ID, sent.Time)
	require.NoError(t, err)
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"message": "luis@example.com is no address"}`, http.StatusBadRequest)
	}
	_, err = m.Send(t.Context(), sent)
	require.EqualError(t, err, "Mailgun answered 400: l***@example.com is no address")
	require.Equal(t, 1000, m.BatchSize())

	var names []string
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
		set := attribute.NewSet(span.Attributes()...)
		require.NotContains(t, set.Encoded(attribute.DefaultEncoder()), "luis")
	}
	require.Equal(t, []string{"HTTP POST", "send mail", "HTTP GET", "HTTP GET", "HTTP GET", "ask for mail", "HTTP POST", "send mail"}, names)
	last := spans.Ended()[len(names)-1]
	require.Equal(t, codes.Error, last.Status().Code)
	require.Contains(t, last.Attributes(), attribute.String("catalog.mail.outcome", "permanent"))

	var data metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &data))
	recipients := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "catalog.mail.recipients" {
			for _, p := range sum.DataPoints {
				outcome, _ := p.Attributes.Value("catalog.mail.outcome")
				mailer, _ := p.Attributes.Value("catalog.mail.mailer")
				recipients[mailer.AsString()+" "+outcome.AsString()] = p.Value
			}
		}
	}
	require.Equal(t, map[string]int64{"mailgun sent": 2, "mailgun permanent": 2}, recipients)
}
